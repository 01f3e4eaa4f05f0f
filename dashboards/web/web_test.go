package web

import (
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
)

func TestNumber(t *testing.T) {
	f := func(v float64, unit, want string) {
		t.Helper()
		if got := Number(v, unit); got != want {
			t.Errorf("Number(%v, %q) = %q, want %q", v, unit, got, want)
		}
	}
	f(0.00512, "fraction", "0.512 %")
	f(0.031, "fraction", "3.1 %")
	f(1, "fraction", "100 %")
	f(0.1824, "seconds", "182 ms")
	f(1.25, "seconds", "1.25 s")
	f(0, "seconds", "0 s")
	f(36118, "", "36\u2009118")
	f(1234567, "bytes", "1\u2009234\u2009567 bytes")
	f(-1234, "", "−1\u2009234")
	f(-123, "", "−123")
	f(0.00001, "", "1e-05")
	f(1e12, "", "1e+12")
	f(math.NaN(), "seconds", "—")
	f(math.Inf(1), "", "—")
}

func TestSigned(t *testing.T) {
	f := func(v float64, unit, want string) {
		t.Helper()
		if got := Signed(v, unit); got != want {
			t.Errorf("Signed(%v, %q) = %q, want %q", v, unit, got, want)
		}
	}
	f(0.026, "fraction", "+2.6 pp")
	f(-0.004, "seconds", "−4 ms")
	f(0, "", "+0")
}

func TestOften(t *testing.T) {
	f := func(times float64, want string) {
		t.Helper()
		if got := Often(times, "false page", "week"); got != want {
			t.Errorf("%v: %q, want %q", times, got, want)
		}
	}
	f(1, "1 false page a week")
	f(0.9999999999999999, "1 false page a week")
	f(0.25, "0.25 false pages a week")
	f(12.34, "12.3 false pages a week")
}

func TestProbability(t *testing.T) {
	f := func(p float64, want string) {
		t.Helper()
		if got := Probability(p); got != want {
			t.Errorf("Probability(%v) = %q, want %q", p, got, want)
		}
	}
	f(0.00001, "< 0.0001")
	f(0.0004, "0.0004")
	f(0.0512, "0.051")
	f(1, "1")
}

func TestHeadline(t *testing.T) {
	errors := Watch{Signals: []Signal{{Name: "latency", Grade: "none"}, {Name: "errors", Grade: "likely", From: "0.5 %", To: "3.1 %"}}}
	lost := Watch{Signals: []Signal{{Name: "traffic", Grade: "certain", From: "—"}}}
	f := func(state, grade, want string, watches ...Watch) {
		t.Helper()
		if got := Headline(state, grade, watches); got != want {
			t.Errorf("%s, %s: %q, want %q", state, grade, got, want)
		}
	}
	f("watching", "likely", "It made things worse: errors went from 0.5 % to 3.1 %.", errors)
	f("regressed", "certain", "It made things worse: traffic certain.", errors, lost)
	f("watching", "none", "No sign of harm so far.", Watch{})
	f("healthy", "none", "Healthy: nothing got worse that matters.", Watch{})
	f("healthy", "none", "Healthy: nothing got worse that matters. Rule red is healthy by latency; errors were never seen.", Watch{Rule: "red", HealthyBy: "by latency; errors were never seen"})
	f("blind", "none", "Nobody could see what it did. That says nothing about it, good or bad.", Watch{})
	f("unwatched", "none", "No rule watches this change.")
}

// The lines are the ticks, the running one last; what is missing stays a gap, and numbers
// are as exact as a plot can show.
func TestPlot(t *testing.T) {
	o := detector.Observation{StartedAt: time.Unix(6000, 0), From: time.Unix(6180, 0), Readings: []detector.Reading{
		{Signal: "other", After: detector.Ticks{Value: detector.Values{9}}},
		{
			Signal: "errors", Before: detector.Ticks{Value: detector.Values{1, math.NaN()}},
			After: detector.Ticks{Value: detector.Values{3, math.Inf(1)}}, Running: detector.Ticks{Value: detector.Values{0.123456789}},
		},
	}}
	e := detector.Evidence{Signal: "errors", Effect: detector.Effect{Forecast: 1, After: 3, Difference: 2, Low: 1, High: 3}}
	limit := 7.0
	plan := detector.Plan{Tick: time.Minute, Signals: []detector.Signal{{Name: "errors", Limit: &limit}}}
	got, err := json.Marshal(PlotsOf([]Signal{SignalOf(e, plan, o)}, plan, o))
	want := `{"tick":60,"started":6000,"from":6180,"signals":[{"signal":"errors","unit":"","limit":7,"forecast":1,"low":2,"high":4,"least":0,"most":2,` +
		`"before":[1,null],"after":[3,null,0.12346]}]}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s (%v)\nwant %s", got, err, want)
	}
}

// An unknown state, and values that are not filled in, still give a
// whole page.
func TestEveryPageRendersEmpty(t *testing.T) {
	p, err := New("1.0")
	if err != nil {
		t.Fatal(err)
	}
	f := func(name string, write func(io.Writer) error) {
		t.Helper()
		var b strings.Builder
		if err := write(&b); err != nil || !strings.HasSuffix(b.String(), "</html>") {
			t.Errorf("%s: %v: %.80s", name, err, b.String())
		}
	}
	f("list", whole(p.RenderList(List{})))
	f("now", whole(p.RenderNow(Now{Waiting: []Waiting{{}}, Watched: []Watched{{}}, Stops: []Stop{{}}, Day: Day24{Graphs: []Graph{{}}}})))
	f("service", whole(p.RenderService(Service{Gates: []Gate{{}}, Rules: []ServiceRule{{}}, Stops: []Stop{{}}})))
	f("change", func(w io.Writer) error {
		return writeChange(p, w, Change{Watches: []Watch{{Signals: []Signal{{}}}}, Decision: &Order{Waiting: true}})
	})
	f("approval", func(w io.Writer) error { return p.Approval(w, Approval{Order: &Order{Waiting: true}}) })
	f("signin", func(w io.Writer) error { return p.SignIn(w, SignIn{}) })
	f("problem", func(w io.Writer) error { return p.Problem(w, Problem{}) })
	f("docs", func(w io.Writer) error { return p.Docs(w, Docs{}) })
	f("rules", func(w io.Writer) error { return p.Rules(w, Rules{}) })
	f("rule", func(w io.Writer) error { return p.Rule(w, Rule{}) })
}

func TestByDay(t *testing.T) {
	at := func(hours int) Row { return Row{At: time.Date(2026, 11, 22, hours, 0, 0, 0, time.UTC)} }
	days := ByDay([]Row{at(23), at(1), at(-1)})
	if len(days) != 2 || len(days[0].Rows) != 2 || len(days[1].Rows) != 1 {
		t.Errorf("got %+v", days)
	}
}

// TestFactsNameWhatWasLeftOut: what the detector left out of a history stands beside what it could see.
func TestFactsNameWhatWasLeftOut(t *testing.T) {
	from := time.Date(2026, 3, 2, 23, 30, 0, 0, time.UTC)
	got := strings.Join(facts(detector.Evidence{
		Unit: "seconds", Smallest: 0.02,
		LeftOut: detector.Windows{{From: from, To: from.Add(time.Hour)}},
	}), "\n")
	want := "Left out of the history, which has nothing else like it: 1 stretch (2026-03-02 23:30 to 2026-03-03 00:30 UTC).\n" +
		"The smallest difference this watch could have seen: 20 ms."
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestPagesNameTheFlag: 50% alone may be any flag's, so pages say which flag it is.
func TestPagesNameTheFlag(t *testing.T) {
	p, err := New("test")
	if err != nil {
		t.Fatal(err)
	}
	row := Row{Key: "k", Service: "checkout", Kind: "flag", Thing: "flag new-cart", Version: "50%", At: time.Unix(1e9, 0)}
	undone := row
	undone.RollbackOf = "other"
	f := func(page string, render func(io.Writer) error, want ...string) {
		t.Helper()
		var html strings.Builder
		if err := render(&html); err != nil {
			t.Fatal(err)
		}
		for _, words := range want {
			if !strings.Contains(html.String(), words) {
				t.Errorf("the %s does not say %q", page, words)
			}
		}
	}
	list, err := p.RenderList(List{Days: ByDay([]Row{row, undone})})
	if err != nil {
		t.Fatal(err)
	}
	f("list", func(w io.Writer) error { _, err := list.WriteTo(w); return err }, `<span class="kind">flag new-cart</span>`, "rollback of flag new-cart")
	now, err := p.RenderNow(Now{Waiting: []Waiting{{Row: row}}})
	if err != nil {
		t.Fatal(err)
	}
	f("first page", func(w io.Writer) error { _, err := now.WriteTo(w); return err }, "Roll back checkout flag new-cart 50%?")
	f("page of the change", func(w io.Writer) error { return writeChange(p, w, Change{Row: row}) }, "checkout flag new-cart 50%")
	approval := Approval{Service: "checkout", Thing: row.Thing, Version: row.Version, Order: &Order{}}
	f("approval", func(w io.Writer) error { return p.Approval(w, approval) }, "<h1>checkout flag new-cart 50%</h1>")
}

func TestHowLongItTakes(t *testing.T) {
	now := time.Unix(1e9, 0)
	f := func(d time.Duration, want string) {
		t.Helper()
		if got := Left(now.Add(d), now).Words; got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	f(-time.Second, "any moment")
	f(0, "any moment")
	f(59*time.Second, "less than a minute left")
	f(3*time.Minute+10*time.Second, "3 min left")
	f(59*time.Minute+59*time.Second, "1 h left")
	f(90*time.Minute, "1 h 30 min left")
	f(7*time.Hour+50*time.Minute, "7 h left")
	f(72*time.Hour, "3 days left")
	if got := Ago(now.Add(-time.Hour), now).Words; got != "1 h ago" {
		t.Error(got)
	}
	if got := Left(time.Time{}, now); got.Words != "" || !got.IsZero() {
		t.Error(got)
	}
}

// A page marks itself in the navigation, and pages below one mark that.
func TestNavigationMarksThePage(t *testing.T) {
	current := func(here string) (found string) {
		for _, l := range (Frame{Here: here}).Navigation() {
			if l.Current != "" {
				found += l.Name + " " + l.Current
			}
		}
		return found
	}
	for here, want := range map[string]string{"/": "Now page", "/?x=/rules": "Now page", "/changes?q=a": "Changes page", "/changes/k": "Changes true", "/changesx": "", "/services/cart": ""} {
		if got := current(here); got != want {
			t.Errorf("%s: %q, want %q", here, got, want)
		}
	}
}
