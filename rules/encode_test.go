package rules

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestADecodedSetIsTheSameSet(t *testing.T) {
	set, found := Load(os.DirFS("testdata/good"), testWorld)
	if len(found) > 0 {
		t.Fatal(found)
	}
	// The hooks and pagers it names may have gone meanwhile.
	again, err := DecodeSet(set.Encode(), World{Hooks: []string{}, Receivers: []string{}, Freezes: []string{}, Stores: testWorld.Stores, Default: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(set.Rules(), again.Rules()); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "{", `[{"text":"team: t"}]`} {
		if _, err := DecodeSet([]byte(bad), World{}); err == nil {
			t.Errorf("%q was restored", bad)
		}
	}
}
