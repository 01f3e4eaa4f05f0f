package flags_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	. "github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/signature"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// change is one that lacks nothing.
func change() Change {
	return Change{ID: "1", Flag: "fast-cart", Project: "shop", Environment: "production", Before: Off, Now: On, At: noon}
}

// events are what a source makes of changes that its tool reports.
func events(t *testing.T, c Config, all ...Change) ([]sources.Event, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("the secret of this source"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.SecretFiles = []string{file}
	s, err := New(changes.Options{Name: "flags"}, c, "tool", signature.Token("Authorization"), func(http.Header, []byte) ([]Change, error) { return all, nil })
	if err != nil {
		t.Fatal(err)
	}
	return s.Parse(nil, nil)
}

func TestVersions(t *testing.T) {
	f := func(name string, before, now State, wantBefore, wantNow string) {
		t.Helper()
		c := change()
		c.Before, c.Now = before, now
		got, err := events(t, Config{}, c)
		if err != nil || len(got) != 1 || got[0].Previous != wantBefore || got[0].Version != wantNow {
			t.Errorf("%s: %+v, %v; want %q to %q", name, got, err, wantBefore, wantNow)
			return
		}
		if _, err := sources.Admit(got[0], nil, noon); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("turned on", Off, On, "off", "on")
	f("ramp", State{Serves: "10%", Rules: 1}, State{Serves: "50%", Rules: 2}, "10%", "50%")
	f("nothing known before", State{}, On, "", "on")
	f("other rules", State{Serves: "50%", Rules: 1}, State{Serves: "50%", Rules: 2}, "50% #"+Fingerprint(1), "50% #"+Fingerprint(2))
	f("a name that no version may be", Off, State{Serves: "a\u200bb"}, "off", "#"+Fingerprint("a\u200bb"))
	f("a long name", Off, State{Serves: strings.Repeat("x", 201)}, "off", "#"+Fingerprint(strings.Repeat("x", 201)))
}

func TestSameStateIsIgnored(t *testing.T) {
	c := change()
	c.Before, c.Now = State{Serves: "50%", Rules: 1}, State{Serves: "50%", Rules: 1}
	if got, err := events(t, Config{}, c); got != nil || !errors.Is(err, changes.ErrIgnored) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := events(t, Config{}, c, change()); len(got) != 1 || err != nil {
		t.Errorf("beside one that changed: %+v, %v", got, err)
	}
	if got, err := events(t, Config{}); got != nil || !errors.Is(err, changes.ErrIgnored) {
		t.Errorf("no change at all: %+v, %v", got, err)
	}
}

func TestServices(t *testing.T) {
	f := func(name string, c Config, project, want string, tags ...string) {
		t.Helper()
		one := change()
		one.Project, one.Tags = project, tags
		got, err := events(t, c, one)
		if want == "" {
			if bad := (*sources.BadEvent)(nil); !errors.As(err, &bad) || !strings.Contains(bad.Reason, "set service") {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			return
		}
		if err != nil || len(got) != 1 || got[0].Service != want {
			t.Errorf("%s: %+v, %v; want %s", name, got, err, want)
		}
	}
	f("fixed", Config{Service: "cart"}, "shop", "cart", "service:search")
	f("by tag", Config{}, "shop", "search", "beta", "service:search", "service:other")
	f("by a tag of another form", Config{ServiceTag: "svc."}, "shop", "search", "service:cart", "svc.search")
	f("an empty tag", Config{}, "shop", "shop", "service:")
	f("by project", Config{}, "shop", "shop", "beta")
	f("none", Config{}, "", "", "beta")
}

func TestEveryEnvironmentIsAnEvent(t *testing.T) {
	a, b := change(), change()
	b.Environment = "staging"
	got, err := events(t, Config{Scope: changes.Scope{Kind: sources.Experiment, Rollout: time.Minute}}, a, b)
	if err != nil || len(got) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	ids := map[string]bool{}
	for _, e := range got {
		ids[e.EventID] = true
		if e.Kind != sources.Experiment || e.Group != "fast-cart" || e.Labels[ProjectLabel] != "shop" {
			t.Errorf("%+v", e)
		}
	}
	if len(ids) != 4 || got[0].ChangeID == got[2].ChangeID {
		t.Errorf("ids %v", ids)
	}
}

func TestIncompleteChangesAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Change){
		"id": func(c *Change) { c.ID = "" }, "key": func(c *Change) { c.Flag = "" }, "environment": func(c *Change) { c.Environment = "" },
		"time": func(c *Change) { c.At = time.Time{} }, "what the flag serves": func(c *Change) { c.Now = State{} },
	} {
		c := change()
		spoil(&c)
		_, err := events(t, Config{}, c)
		if bad := (*sources.BadEvent)(nil); !errors.As(err, &bad) || !strings.Contains(bad.Reason, name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSettings(t *testing.T) {
	_, err := New(changes.Options{}, Config{Insecure: true, Service: " cart"}, "tool", signature.Token("X"), nil)
	if err == nil || !strings.HasPrefix(err.Error(), "service: ") {
		t.Error(err)
	}
}

func TestShareAndTime(t *testing.T) {
	for percent, want := range map[float64]string{0: "0%", 25: "25%", 0.5: "0.5%", 33.333: "33.333%", 100: "100%", 7.000001: "7%"} {
		if got := Share(percent); got != want {
			t.Errorf("%v is %s, want %s", percent, got, want)
		}
	}
	if !Time(0).IsZero() || !Time(1772366400).Equal(noon) || !Time(1772366400000).Equal(noon) {
		t.Error(Time(0), Time(1772366400), Time(1772366400000))
	}
}
