package route

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/notify"
)

func config() Config {
	return Config{
		Routes: []Entry{
			{Match: Match{Team: []string{"pay-*", "risk"}, Severity: []string{"critical"}}, To: []string{"pager"}},
			{Match: Match{Kind: []string{"flag"}, Environment: []string{"production"}}, To: []string{"flags", "chat"}, Quiet: "nights"},
			{Match: Match{Service: []string{"web/*"}, Reason: []string{"limit"}}, To: []string{"web"}},
		},
		Otherwise: []string{"chat"},
		Escalate:  []Step{{5 * time.Minute, []string{"lead"}}, {15 * time.Minute, []string{"boss", "pager"}}},
	}
}

// An entry matches where all of its keys do, and the first one that matches decides.
func TestRoute(t *testing.T) {
	r, err := New(config())
	if err != nil {
		t.Fatal(err)
	}
	f := func(facts notify.Facts, quiet string, to ...string) {
		t.Helper()
		got := r.Route(facts)
		if got.Quiet != quiet || !slices.Equal(got.To, to) {
			t.Errorf("%+v goes to %+v", facts, got)
		}
	}
	f(notify.Facts{Team: "pay-eu", Severity: notify.Critical, Kind: "flag", Environment: "production"}, "", "pager")
	f(notify.Facts{Team: "risk", Severity: notify.Critical}, "", "pager")
	f(notify.Facts{Team: "risk", Severity: notify.Error}, "", "chat")
	f(notify.Facts{Team: "pays", Severity: notify.Critical}, "", "chat")
	f(notify.Facts{Kind: "flag", Environment: "production"}, "nights", "flags", "chat")
	f(notify.Facts{Kind: "flag"}, "", "chat")
	f(notify.Facts{Service: "web/eu/cart", Reason: "limit"}, "", "web")
	f(notify.Facts{Service: "web/eu/cart"}, "", "chat")
	f(notify.Facts{}, "", "chat")
	if got := strings.Join(r.Reaches(), " "); got != "boss chat flags lead pager web" {
		t.Errorf("reaches %s", got)
	}
	if e := r.Escalations(); len(e) != 2 || e[1].After != 15*time.Minute || !slices.Equal(e[1].To, []string{"boss", "pager"}) {
		t.Errorf("escalations %+v", e)
	}
	if err := r.Send(t.Context(), notify.Message{}); !errors.Is(err, notify.ErrPermanent) {
		t.Errorf("sent: %v", err)
	}
}

func TestMistakes(t *testing.T) {
	f := func(wrong string, change func(c *Config)) {
		t.Helper()
		c := config()
		change(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("got %v, want %s", err, wrong)
		}
	}
	f("otherwise is missing", func(c *Config) { c.Otherwise = nil })
	f("routes[1].to is missing", func(c *Config) { c.Routes[1].To = nil })
	f(`routes[0].match.severity: there is no "criticl"; did you mean "critical"?`, func(c *Config) { c.Routes[0].Match.Severity = []string{"criticl"} })
	f(`routes[1].match.kind: there is no "rocket"; known are`, func(c *Config) { c.Routes[1].Match.Kind = []string{"rocket"} })
	f(`routes[2].match.reason: there is no "limits"; did you mean "limit"?`, func(c *Config) { c.Routes[2].Match.Reason = []string{"limits"} })
	f(`routes[0].match.team: "pay-[" is no name`, func(c *Config) { c.Routes[0].Match.Team = []string{"pay-["} })
	f("escalate[1]: each step", func(c *Config) { c.Escalate[1].After = 5 * time.Minute })
	f("escalate[0]: each step", func(c *Config) { c.Escalate[0].To = nil })
}
