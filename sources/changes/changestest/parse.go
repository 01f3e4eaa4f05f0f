package changestest

import (
	"cmp"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// Nesting that no tool sends, and nesting that a recursive reader would not
// survive.
const (
	deep    = 1000
	deepest = 100_000
)

func (s Subject) testEvents(t *testing.T) {
	source := s.source(t, changes.Scope{})
	succeeded := parse(t, source, s.Succeeded)
	last, started := succeeded[len(succeeded)-1], succeeded[:0:0]
	if s.Started.Body != "" {
		started = parse(t, source, s.Started)
	}
	ids := map[string]bool{}
	for _, e := range append(started, succeeded...) {
		admitted, err := sources.Admit(e, nil, s.At)
		if err != nil {
			t.Errorf("%+v is not admitted: %v", e, err)
		}
		if ids[e.EventID] {
			t.Errorf("two events are called %q", e.EventID)
		}
		ids[e.EventID] = true
		if kind := cmp.Or(s.Kind, sources.Deploy); e.Source != Name || e.ChangeID != last.ChangeID || admitted.Event().Kind != kind {
			t.Errorf("%+v: want the %s %s, reported by %s", e, kind, last.ChangeID, Name)
		}
	}
	if len(started) > 0 && started[0].Status != sources.Started || last.Status != sources.Succeeded || !last.At.Equal(s.At) {
		t.Errorf("began as %+v, ended as %+v", started, last)
	}
}

// A replay may renew every header that is not signed: the store recognises
// duplicates by (Source, EventID), and both must stay.
func (s Subject) testRepeated(t *testing.T) {
	source := s.source(t, changes.Scope{})
	again := Delivery{s.Succeeded.header(), s.Succeeded.Body}
	for _, name := range s.Volatile {
		again.Header.Set(name, "another")
	}
	first := parse(t, source, s.Succeeded)
	if second := parse(t, source, again); !reflect.DeepEqual(first, second) {
		t.Errorf("%+v became %+v", first, second)
	}
	if second := parse(t, s.source(t, changes.Scope{}), again); !reflect.DeepEqual(first, second) {
		t.Errorf("after a restart, %+v became %+v", first, second)
	}
}

func (s Subject) testIgnored(t *testing.T) {
	source := s.source(t, changes.Scope{})
	for _, d := range s.Ignored {
		events, err := source.Parse(d.header(), []byte(d.Body))
		if events != nil || !errors.Is(err, changes.ErrIgnored) || errors.As(err, new(*sources.BadEvent)) {
			t.Errorf("%v %.80s: %v, %v; want ErrIgnored", d.Header, d.Body, events, err)
		}
	}
}

func (s Subject) testScope(t *testing.T) {
	source := s.source(t, changes.Scope{
		Environments: map[string]string{s.Environment: "elsewhere"}, Rollout: 20 * time.Minute,
	})
	if s.Started.Body != "" {
		if got := parse(t, source, s.Started); len(got) != 1 || got[0].Environment != "elsewhere" {
			t.Errorf("a start that the tool reports: %+v", got)
		}
	}
	got := parse(t, source, s.Succeeded)
	if len(got) != 2 {
		t.Fatalf("%d events, want the start that rollout implies and the end", len(got))
	}
	start, end := got[0], got[1]
	if start.Status != sources.Started || !start.At.Equal(s.At.Add(-20*time.Minute)) || start.ChangeID != end.ChangeID {
		t.Errorf("the start is %+v", start)
	}
	if end.Status != sources.Succeeded || start.EventID == end.EventID || end.Environment != "elsewhere" {
		t.Errorf("the end is %+v", end)
	}
}

func (s Subject) testHostileBodies(t *testing.T) {
	source, body := s.source(t, changes.Scope{}), s.Succeeded.Body
	f := func(name, body string) {
		t.Helper()
		events, err := source.Parse(s.Succeeded.header(), []byte(body))
		if events != nil {
			t.Errorf("%s: gave %+v", name, events)
		}
		checkBad(t, name, err, "hunter2")
	}
	f("empty", "")
	f("blank", " \n")
	f("form", "payload=hunter2")
	f("null", "null")
	f("text", `"hunter2"`)
	f("array", "["+body+"]")
	f("empty object", "{}")
	f("two values", body+body)
	f("text behind", body+"hunter2")
	f("a key twice", `{"hunter2":1,"hunter2":1,`+strings.TrimPrefix(body, "{"))
	f("invalid UTF-8", `{"a":"`+"\xff"+`hunter2",`+strings.TrimPrefix(body, "{"))
	f("NUL byte", `{"a":"`+"\x00"+`",`+strings.TrimPrefix(body, "{"))
	f("deep objects", strings.Repeat(`{"a":`, deep)+"1"+strings.Repeat("}", deep))
	f("deep arrays", `{"labels":`+strings.Repeat("[", deep)+strings.Repeat("]", deep)+","+strings.TrimPrefix(body, "{"))
	f("deeper arrays", `{"a":`+strings.Repeat("[", deepest)+strings.Repeat("]", deepest)+"}")
	f("deep and cut", `{"a":`+strings.Repeat("[", deepest))
	for i := range len(strings.TrimRight(body, " \n")) {
		f("cut", body[:i])
	}
}

// Verify and Parse are called for many requests at once.
func (s Subject) testConcurrent(t *testing.T) {
	source, want := s.source(t, changes.Scope{}), parse(t, s.source(t, changes.Scope{}), s.Succeeded)
	body := []byte(s.Succeeded.Body)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for _, by := range s.Signatures {
				if err := source.Verify(by.Sign(secret, body, s.At), body, s.At); err != nil {
					t.Error(err)
				}
			}
			if got, err := source.Parse(s.Succeeded.header(), body); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
		})
	}
	wait.Wait()
}
