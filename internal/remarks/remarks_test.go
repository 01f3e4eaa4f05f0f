package remarks

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

var now = time.Date(2026, time.November, 29, 12, 0, 0, 0, time.UTC)

// TestRemarksAreToldOnce: by topic, to the first receiver that there is, and noted in the journal even
// where there is none.
func TestRemarksAreToldOnce(t *testing.T) {
	f := func(name string, s rules.Service, want ...string) {
		t.Helper()
		st := storetest.Open(t, store.Open)
		admitted, err := sources.Admit(sources.Event{
			Source: "ci", EventID: "1", ChangeID: "c", Service: "cart", Version: "v2", Status: sources.Started, At: now,
		}, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		a, err := st.Accept(t.Context(), admitted, []byte("{}"), now)
		if err != nil {
			t.Fatal(err)
		}
		var sent, changed []string
		broken := errors.New("the disk is full")
		k := Keeper{
			Store: st, Service: func(string) rules.Service { return s }, Text: messages.Composer{ExternalURL: "https://pushback.example.org"},
			Send: func(_ context.Context, rows []store.Outgoing) error {
				for _, o := range rows {
					sent = append(sent, o.Receiver+": "+o.Message.Title)
				}
				return broken
			},
			Changed: func(key string) { changed = append(changed, key) }, Now: func() time.Time { return now },
		}
		if err := k.Remark(t.Context(), a.Change.Change, "not-running", "does not run"); len(want) > 0 && !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		broken, sent = nil, nil
		for range 2 {
			for _, topic := range []string{"not-running", "another"} {
				if err := k.Remark(t.Context(), a.Change.Change, topic, "does not run"); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		journal, err := st.Journal(t.Context(), a.Change.Key)
		if err != nil || len(journal) != 2 || journal[0].Action != "remark" || len(changed) != 2 || changed[0] != a.Change.Key {
			t.Errorf("%s: journal %v, %v; changed %v", name, journal, err, changed)
		}
		if strings.Join(sent, "|") != strings.Join(want, "|") {
			t.Errorf("%s: %q, want %q", name, sent, want)
		}
	}
	const title = "cart v2 in production does not run"
	f("chat", rules.Service{Chat: "chat", Pager: "pager", Default: "ops"}, "chat: "+title, "chat: "+title)
	f("pager", rules.Service{Pager: "pager", Default: "ops"}, "pager: "+title, "pager: "+title)
	f("default", rules.Service{Default: "ops"}, "ops: "+title, "ops: "+title)
	f("nobody", rules.Service{})
}
