package daemon

import (
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

func TestMemory(t *testing.T) {
	st, err := store.Open(t.Context(), "sqlite://"+t.TempDir()+"/pushback.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	lower := func(e sources.Event) sources.Event { e.Service = strings.ToLower(e.Service); return e }
	m := memory{st, "cluster", lower}
	at := time.Date(2026, time.March, 3, 12, 0, 0, 0, time.UTC)
	reads := func(part string, wantFirst, wantLast time.Time) {
		t.Helper()
		first, last, err := m.Reads(t.Context(), part)
		if err != nil || !first.Equal(wantFirst) || !last.Equal(wantLast) {
			t.Errorf("%s was read from %s to %s, %v", part, first, last, err)
		}
	}
	reads("deployments/shop", time.Time{}, time.Time{})
	for _, minutes := range []int{0, 1, 7} {
		if err := m.NoteRead(t.Context(), "deployments/shop", at.Add(time.Duration(minutes)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	reads("deployments/shop", at, at.Add(7*time.Minute))
	reads("deployments/blog", time.Time{}, time.Time{})

	e := sources.Event{Source: "cluster", EventID: "u/2/started", ChangeID: "u/2", Status: sources.Started, At: at, Service: "Cart", Version: "v2"}
	told := func(want bool) {
		t.Helper()
		if status, told, err := m.Told(t.Context(), e); err != nil || told != want || told && status != sources.Started {
			t.Errorf("told: %v, %s, %v", told, status, err)
		}
	}
	told(false)
	for _, source := range []string{"argo", "cluster"} { // the first witness names the change
		one := e
		one.Source, one.ChangeID, one.EventID = source, source[:1]+"/2", source
		if source == "cluster" {
			one.ChangeID = e.ChangeID
		}
		admitted, err := sources.Admit(one, lower, at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Accept(t.Context(), admitted, nil, at); err != nil {
			t.Fatal(err)
		}
	}
	told(true)
	e.Environment = "staging"
	told(false)
}
