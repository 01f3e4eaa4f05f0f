package store

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// TestReadBesideTheOwner reads a file that another handle has locked, and changes
// nothing.
func TestReadBesideTheOwner(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "pushback.db")
	owner, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	if _, err := owner.Accept(t.Context(), admitted(eventOf("c1", "v1", sources.Succeeded, 1)), nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	s, err := OpenReadOnly(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Changes(t.Context(), ChangeFilter{})
	if err != nil || len(found) != 1 {
		t.Fatalf("%d changes, %v", len(found), err)
	}
	if err := s.SetStanding(t.Context(), found[0].Key, Bad); err == nil {
		t.Error("a store opened to be read takes writes")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenReadOnlyMakesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.db")
	if s, err := OpenReadOnly(t.Context(), "sqlite:"+path); err == nil {
		t.Error("a store that is not there was opened", s.Close())
	}
	if left, _ := filepath.Glob(path + "*"); len(left) > 0 {
		t.Error("left behind:", left)
	}
}
