package sources

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestAdmitTakesWholeEvents(t *testing.T) {
	f := func(name string, edit func(*Event)) {
		t.Helper()
		e := reported(Started, 0)
		edit(&e)
		if _, err := Admit(e, nil, at(0)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("a plain event", func(*Event) {})
	f("defaults", func(e *Event) { e.Kind, e.Environment = "", "" })
	f("a flag without version", func(e *Event) { e.Kind, e.Version = Flag, "" })
	f("names in any script", func(e *Event) { e.Service, e.Actor = "Warenkorb-größe", "李雷" })
	f("a clock a little ahead", func(e *Event) { e.At = at(10) })
	f("every bound reached", func(e *Event) {
		e.Environment = strings.Repeat("e", MaxEnvironment)
		e.Service, e.URL = strings.Repeat("s", MaxName), "https://"+strings.Repeat("u", MaxText-8)
		e.Riders, e.Labels = riders(MaxRiders), labels(MaxLabels)
	})
}

func riders(n int) []string {
	rs := make([]string, n)
	for i := range rs {
		rs[i] = fmt.Sprintf("rider %d", i)
	}
	return rs
}

func labels(n int) map[string]string {
	ls := map[string]string{}
	for i := range n {
		ls[fmt.Sprintf("label %d", i)] = strings.Repeat("v", MaxText)
	}
	return ls
}

func TestBadEventNamesTheField(t *testing.T) {
	f := func(field string, edit func(*Event)) {
		t.Helper()
		e := reported(Started, 0)
		edit(&e)
		_, err := Admit(e, nil, at(0))
		if bad := (*BadEvent)(nil); !errors.As(err, &bad) {
			t.Errorf("%s: the error is %v, want a BadEvent", field, err)
			return
		}
		if !strings.HasPrefix(err.Error(), field+" ") || strings.ContainsAny(err.Error(), "\n\x00") {
			t.Errorf("%s: the reason is %q", field, err)
		}
	}
	long := strings.Repeat("x", MaxName+1)
	f("source", func(e *Event) { e.Source = "" })
	f("event_id", func(e *Event) { e.EventID = " " })
	f("change_id", func(e *Event) { e.ChangeID = "" })
	f("service", func(e *Event) { e.Service = "" })
	f("service", func(e *Event) { e.Service = long })
	f("service", func(e *Event) { e.Service = "cart\x00" })
	f("service", func(e *Event) { e.Service = "cart\nInjected: yes" })
	f("service", func(e *Event) { e.Service = "cart\u2028" })
	f("service", func(e *Event) { e.Service = "\u202etrac" })
	f("service", func(e *Event) { e.Service = EveryService })
	f("environment", func(e *Event) { e.Environment = "prod\xff" })
	f("environment", func(e *Event) { e.Environment = strings.Repeat("e", MaxEnvironment+1) })
	f("region", func(e *Event) { e.Region = "\x7f" })
	f("version", func(e *Event) { e.Version = "" })
	f("version", func(e *Event) { e.Version = long })
	f("previous", func(e *Event) { e.Previous = long })
	f("rollback_of", func(e *Event) { e.RollbackOf = long })
	f("group", func(e *Event) { e.Group = long })
	f("actor", func(e *Event) { e.Actor = "a\tb" })
	f("status", func(e *Event) { e.Status = "pending" })
	f("kind", func(e *Event) { e.Kind = "push" })
	f("at", func(e *Event) { e.At = time.Time{} })
	f("at", func(e *Event) { e.At = time.UnixMilli(1_700_000_000) }) // seconds read as milliseconds
	f("at", func(e *Event) { e.At = at(10).Add(time.Second) })
	f("url", func(e *Event) { e.URL = "javascript:alert(1)" })
	f("url", func(e *Event) { e.URL = "https://" + strings.Repeat("u", MaxText) })
	f("riders", func(e *Event) { e.Riders = riders(MaxRiders + 1) })
	f("riders[1]", func(e *Event) { e.Riders = []string{"amy", ""} })
	f("labels", func(e *Event) { e.Labels = labels(MaxLabels + 1) })
	f("a label's name", func(e *Event) { e.Labels = map[string]string{"": "v"} })
	f("a label's value", func(e *Event) { e.Labels = map[string]string{"k": "\x1b[2J"} })
}

func TestWithDefaultsKeepsTheStoresTime(t *testing.T) {
	e := Event{At: time.Date(2026, 3, 1, 12, 0, 0, 1999, time.FixedZone("", 3600))}.WithDefaults()
	if want := time.Date(2026, 3, 1, 11, 0, 0, 1000, time.UTC); e.At != want {
		t.Errorf("at is %s, want %s", e.At, want)
	}
	if e.Kind != Deploy || e.Environment != "production" {
		t.Errorf("kind %q, environment %q", e.Kind, e.Environment)
	}
}

func TestAdmitCompletesTheEvent(t *testing.T) {
	e := reported(Started, 0)
	e.Service, e.Kind, e.Environment = "octo/cart", "", ""
	e.Paths = []string{"a.go"}
	named := func(name string) func(Event) Event {
		return func(e Event) Event { e.Service = name; return e }
	}
	a, err := Admit(e, named("cart"), at(0))
	if got := a.Event(); err != nil || got.Service != "cart" || got.Kind != Deploy || got.Environment != "production" || got.Paths != nil {
		t.Errorf("%+v, %v", got, err)
	}
	// What is validated is the name that is stored.
	e.Service = strings.Repeat("x", MaxName+1)
	if _, err := Admit(e, named("cart"), at(0)); err != nil {
		t.Errorf("a service with a short name in the catalogue is refused: %v", err)
	}
}

func FuzzAdmit(f *testing.F) {
	f.Add("cart", "v1", "https://ci.example/1", "k", "v", int64(1_772_359_200_000))
	f.Add("", "\x00", "javascript:x", "\xff", "\n", int64(-1))
	f.Fuzz(func(t *testing.T, service, version, url, key, value string, ms int64) {
		e := reported(Succeeded, 0)
		e.Service, e.Version, e.URL, e.At = service, version, url, time.UnixMilli(ms)
		e.Labels = map[string]string{key: value}
		if _, err := Admit(e, nil, at(0)); err != nil {
			if s := err.Error(); strings.ContainsAny(s, "\n\x00") || !utf8.ValidString(s) {
				t.Fatalf("the reason cannot be shown: %q", s)
			}
			return
		}
		for _, s := range []string{service, version, url, key, value} {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\n\r") {
				t.Fatalf("taken: %q", s)
			}
		}
	})
}
