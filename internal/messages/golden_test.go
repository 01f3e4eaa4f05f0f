package messages_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestEveryMessage holds the text of every message of every outcome. messages.txt is for
// people; the tests of the receivers send what is in messages.json.
func TestEveryMessage(t *testing.T) {
	t.Parallel()
	var all []entry
	for _, c := range kinds() {
		of := func(entries []entry) {
			for _, e := range entries {
				e.When = string(c.Kind) + ": " + e.When
				e.Message = messages.WithRecord(e.Message, 2, 40) // as the engine does
				all = append(all, e)
			}
		}
		of(found(c))
		of(moreFound(c))
		of(guarded(t, c))
		of(ends(c))
		of(afterwards(c))
	}
	all = append(all, ofSite()...)
	var text strings.Builder
	for _, e := range all {
		write(&text, e)
	}
	body, err := json.MarshalIndent(important(all), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "messages.txt", text.String())
	golden(t, "messages.json", string(body)+"\n")
}

// important are the messages of a deploy that the tests of the receivers send.
func important(all []entry) (some []entry) {
	for _, e := range all {
		for _, when := range []string{
			"certain, the rule acts", "signal_lost: traffic", "guard partial waits", "guard confounded asks", "guard reversible ends it",
			"the guards permit it", "the rollout is slow", "the hook reports success", "the hook reports a failure", "the process died while it sent",
			"nobody approves", "the target does not run", "the rollback helped", "the rollback did not help",
		} {
			if e.When == "deploy: "+when {
				some = append(some, e)
			}
		}
	}
	return some
}

// TestImportantMessagesCarryTheNumbers holds that who reads one of these messages alone knows
// from what to what, in which interval, how sure, and where to read on.
func TestImportantMessagesCarryTheNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range kinds() {
		for _, e := range append(append(guarded(t, c), ends(c)...), afterwards(c)...) {
			m := e.Message
			lines := strings.Join(m.SignalLines, "\n")
			for _, want := range []string{"errors 0.5 % → 3.1 %", "95 % 1.9 to 3.4", "certain, p 0.0002, would happen by chance once in 5,000 quiet half hours"} {
				if !strings.Contains(lines, want) {
					t.Errorf("%s: %s: no %q in %q", c.Kind, e.When, want, lines)
				}
			}
			if m.FieldValues()["runbook"] != runbook || !strings.HasSuffix(m.Link, "/changes/"+c.Key()) || m.Key != c.Key()+"/red" {
				t.Errorf("%s: %s: runbook %q, link %q, thread %q", c.Kind, e.When, m.FieldValues()["runbook"], m.Link, m.Key)
			}
		}
	}
}

func write(b *strings.Builder, e entry) {
	m := e.Message
	state := string(m.Severity)
	if m.Resolved {
		state += ", resolved"
	}
	fmt.Fprintf(b, "## %s\n[%s] %s\n", e.When, state, m.Title)
	for _, line := range m.Lines() {
		fmt.Fprintf(b, "    %s\n", line)
	}
	if m.Ask != nil {
		fmt.Fprintf(b, "    asks: order %s, back to %s, until %s\n", m.Ask.Order, m.Ask.Target, m.Ask.ExpiresAt.Format(time.RFC3339))
	}
	var facts []string
	for _, f := range m.Fields {
		facts = append(facts, f.Name+" "+f.Value)
	}
	fmt.Fprintf(b, "    (%s) %s\n\n", strings.Join(facts, ", "), m.Link)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (run with -update if this is meant):\n%s", name, diff)
	}
}

// refusing is a situation in which one guard refuses, and what is changed for it.
type refusing struct {
	guards []rollback.Guard
	change func(*rollback.Order, *rollback.Situation)
}

// guarded are the messages of an order that a guard does not let go on: it waits, is put to
// people, or ends. Every guard is asked.
func guarded(t *testing.T, c sources.Change) (all []entry) {
	t.Helper()
	asked := map[rollback.Guard]bool{}
	for _, r := range situations(c) {
		o := order(c, rollback.Decided)
		s := permitted(c)
		r.change(&o, &s)
		_, refusals := rollback.Permit(o, s)
		var names []string
		for _, refusal := range refusals {
			asked[refusal.Guard] = true
			names = append(names, string(refusal.Guard))
		}
		when := "guard " + strings.Join(names, " and ")
		switch rollback.RemedyOf(refusals) {
		case rollback.RemedyWait:
			all = append(all, entry{when + " waits", composer.Waiting(o, refusals, at.Add(5*time.Minute))})
		case rollback.RemedyAsk:
			o.State, o.Automatic, o.Why = rollback.Proposed, false, messages.Reasons(refusals)
			all = append(all, entry{when + " asks", composer.Order(o, at.Add(5*time.Minute))})
		case rollback.RemedyNone:
			o.State, o.Why = rollback.Refused, messages.Reasons(refusals)
			all = append(all, entry{when + " ends it", composer.Order(o, at.Add(5*time.Minute))})
		}
		for _, g := range r.guards {
			if !asked[g] {
				t.Errorf("guard %s does not refuse: %v", g, refusals)
			}
		}
	}
	return all
}

func permitted(c sources.Change) rollback.Situation {
	return rollback.Situation{
		Now: at.Add(5 * time.Minute), Change: c, Target: rollback.LiveVersion{Version: c.Previous, Standing: rollback.Good},
		Verdict: verdict(errorsRose(), latencyRose()), Epoch: 7, RuleActs: true, HookKnown: true, Limits: rollback.DefaultLimits(),
		Tick: 15 * time.Second,
	}
}

func ofSite() []entry {
	h := messages.FleetHold{ID: "h1", Why: "38 of 200 open watches, of 38 services, turned bad within 10m0s, and no single change can be the cause", At: at, Until: at.Add(2 * time.Hour)}
	broken := []rules.Diagnostic{{File: "red.yml", Line: 7, Column: 3, Message: `unknown key "sginals"`}}
	held := composer.FleetHeld(h)
	bad := []string{"cart v2 in production: regressed, certain — errors 0.5 % → 3.1 %", "search v9 in production: regressed, likely — errors 0.2 % → 1.4 %"}
	bad[0] = messages.Blamed(notify.Message{Title: bad[0], Fields: []notify.Field{{Name: "by", Value: "amy"}}})
	ended := []string{"cart v2 in production: rollback to v1 expired — errors 0.5 % → 3.1 %"}
	step := messages.Step{Thread: "trust/red", Rule: "red", Mode: rules.Ask, Service: "cart", Named: "cart", Why: "20 clean changes in a row"}
	all := []entry{
		{"a metric store fails", composer.Outage("prod", "503 Service Unavailable", at, at.Add(time.Minute))},
		{"deliveries were lost", composer.Missed("github", []sources.Event{{Service: "cart", Version: "v2", Environment: "production", Status: sources.Succeeded, Actor: "amy", At: at}}, at)},
		{"a metric store answers again", composer.OutageEnded("prod", at, at.Add(9*time.Minute))},
		{"the rules are broken", composer.RulesBroken(broken, at)},
		{"the rules are mended", composer.RulesMended(12, at)},
		{"a rule has earned more", composer.TrustStep(step, at)},
		{"too much is bad at once", held},
		{"too much is bad at once, by name", composer.FleetPage(held, bad)},
		{"more turns bad with it", composer.FleetNews(held, bad, nil, at)},
		{"a held rollback came to nothing", composer.FleetNews(held, nil, ended, at)},
		{"the database was restored", composer.Restored(messages.Restore{
			At: at, KnownTo: at.Add(-26 * time.Hour), Actor: "amy", Messages: 3,
			Orders: []rollback.Order{{Change: kinds()[0], Target: "v1", State: rollback.Unknown}},
		})},
		{"a restore ends an order", composer.OrderRestored(rollback.Order{Change: kinds()[0], Target: "v1", State: rollback.Expired, Why: "nobody can tell"}, at)},
		{"an agent proposes a rollback", composer.Proposed(messages.Proposal{Key: "kq3v5d2y", Change: kinds()[0], Actor: "mcp", Why: "the log fills with timeouts", At: at})},
		{"a person releases the hold", composer.FleetReleased(h, "amy", at.Add(time.Hour))},
	}
	for i := range all {
		all[i].When = "site: " + all[i].When
	}
	return all
}
