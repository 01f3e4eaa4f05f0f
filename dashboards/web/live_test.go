package web

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// whole writes a page that was rendered.
func whole(r *Rendered, err error) func(io.Writer) error {
	return func(w io.Writer) error {
		if err != nil {
			return err
		}
		_, err := r.WriteTo(w)
		return err
	}
}

func writeChange(p *Pages, w io.Writer, c Change) error { return whole(p.RenderChange(c))(w) }

// changeSince is what an open page of a change that has a revision is sent.
func changeSince(p *Pages, c Change, revision string) (Update, error) {
	r, err := p.RenderChange(c)
	if err != nil {
		return Update{}, err
	}
	return r.Since(revision), nil
}

// shown is what a browser has of a change's page: it applies updates as assets/plot.js does.
type shown struct {
	revision string
	watches  []*WatchPlots
}

func (s *shown) update(t *rapid.T, p *Pages, c Change) Update {
	u, err := changeSince(p, c, s.revision)
	if err != nil || u.Whole {
		t.Fatalf("%+v %v", u, err)
	}
	if s.watches == nil {
		s.watches = make([]*WatchPlots, len(c.Watches))
	}
	if u.Plots == nil {
		return u
	}
	s.revision = u.Revision
	for i, fresh := range u.Plots.Watches {
		if fresh == nil {
			continue
		}
		if fresh.Keep != nil {
			for j := range fresh.Signals {
				had := s.watches[i].Signals[j]
				fresh.Signals[j].Before, fresh.Signals[j].After = had.Before, slices.Concat(had.After[:min(*fresh.Keep, len(had.After))], fresh.Signals[j].After)
			}
			fresh.Keep = nil
		}
		s.watches[i] = fresh
	}
	return u
}

func asJSON(t interface{ Fatal(...any) }, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Whatever happens to the numbers between two looks, an open page shows what a new one shows.
func TestUpdatesGiveTheSamePlots(t *testing.T) {
	p, err := New("1.0")
	if err != nil {
		t.Fatal(err)
	}
	value := rapid.SampledFrom([]float64{0, 1, 2.5, math.NaN(), math.Inf(1), 1e-7})
	rapid.Check(t, func(t *rapid.T) {
		lines := make([]Plot, rapid.IntRange(1, 3).Draw(t, "signals"))
		c := Change{Watches: []Watch{{Signals: make([]Signal, len(lines))}, {}}}
		page := &shown{}
		var whole strings.Builder
		if err := writeChange(p, &whole, c); err != nil {
			t.Fatal(err)
		}
		page.revision = revisionIn(whole.String())
		for range rapid.IntRange(1, 12).Draw(t, "looks") {
			for i := range lines {
				change(t, &lines[i], value)
			}
			w := WatchPlots{Tick: 60, From: rapid.SampledFrom([]float64{9000, 9000, 9000, 9060}).Draw(t, "from"), Signals: slices.Clone(lines)}
			c.Watches[0].Plots = &w
			page.update(t, p, c)
			if got, want := asJSON(t, page.watches[0]), asJSON(t, w); got != want {
				t.Fatalf("shows %s\ninstead of %s", got, want)
			}
			if again := page.update(t, p, c); !again.Nothing() {
				t.Fatalf("nothing happened, and it is sent %+v", again)
			}
		}
	})
}

// change does to a line what looks do: new ticks, and others measured again.
func change(t *rapid.T, p *Plot, value *rapid.Generator[float64]) {
	p.After = slices.Clone(p.After)
	for range rapid.SampledFrom([]int{0, 1, 1, 2, 40}).Draw(t, "new ticks") {
		p.After = append(p.After, value.Draw(t, "tick"))
	}
	if n := len(p.After); n > 0 && rapid.Bool().Draw(t, "again") {
		p.After[rapid.IntRange(0, n-1).Draw(t, "which")] = value.Draw(t, "tick")
	}
	switch rapid.IntRange(0, 9).Draw(t, "more") {
	case 0:
		p.Before = append(slices.Clone(p.Before), value.Draw(t, "before"))
	case 1:
		p.Forecast, p.High = 1, Value(value.Draw(t, "high"))
	case 2:
		p.After = p.After[:len(p.After)/2]
	}
}

func revisionIn(page string) string {
	_, after, _ := strings.Cut(page, `<p id="revision" hidden>`)
	revision, _, _ := strings.Cut(after, "<")
	return revision
}

// What is measured again among the last ticks has only those sent again.
func TestOnlyNewTicksAreSent(t *testing.T) {
	line := func(n int) Line { return slices.Repeat(Line{1.5}, n) }
	plots := func(change func(*Plot)) *Plots {
		p := Plot{Signal: "errors", Before: line(30), After: line(600)}
		if change != nil {
			change(&p)
		}
		return &Plots{Watches: []*WatchPlots{{Tick: 60, Signals: []Plot{p}}}}
	}
	had := plots(nil).cursor()
	f := func(what string, change func(*Plot), want int) {
		t.Helper()
		now := plots(change)
		got := now.since(had, now.cursor())
		if keep := got.Watches[0].Keep; want < 0 && keep != nil || want >= 0 && (keep == nil || *keep != want) {
			t.Errorf("%s: keeps %v, want %d", what, keep, want)
		}
	}
	f("one more tick", func(p *Plot) { p.After = append(p.After, 2) }, 600)
	f("another forecast", func(p *Plot) { p.Forecast = 3 }, 600)
	f("the last tick again", func(p *Plot) { p.After = append(p.After[:599], 2, 3) }, 599)
	f("the last but two again", func(p *Plot) { p.After[597] = 2 }, 596)
	f("200 ticks back", func(p *Plot) { p.After[400] = 2 }, 344)
	f("half of all back", func(p *Plot) { p.After[300] = 2 }, -1)
	f("the before window again", func(p *Plot) { p.Before[3] = 2 }, -1)
	f("shorter", func(p *Plot) { p.After = p.After[:598] }, 598)
	f("another limit", func(p *Plot) { p.Limit = new(float64) }, -1)
	if got := plots(nil).since(had, had); got != nil {
		t.Errorf("as before: %+v", got)
	}
}

// Only the parts that differ are sent, and a page that has other parts is sent as a whole.
func TestOnlyChangedPartsAreSent(t *testing.T) {
	p, err := New("1.0")
	if err != nil {
		t.Fatal(err)
	}
	c := Change{Row: Row{Key: "k"}, Watches: []Watch{{Rule: "red", Signals: []Signal{{Name: "errors"}}, Parts: []Parts{{Of: "errors"}}}}}
	c.Arrange()
	var page strings.Builder
	if err := writeChange(p, &page, c); err != nil {
		t.Fatal(err)
	}
	f := func(what string, change func(*Change), whole bool, ids ...string) {
		t.Helper()
		now := c
		now.Watches = slices.Clone(c.Watches)
		now.Watches[0].Signals = slices.Clone(c.Watches[0].Signals)
		change(&now)
		u, err := changeSince(p, now, revisionIn(page.String()))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for id := range u.Parts {
			got = append(got, id)
		}
		slices.Sort(got)
		if u.Whole != whole || !reflect.DeepEqual(got, ids) {
			t.Errorf("%s: whole %v, parts %q; want %v, %q", what, u.Whole, got, whole, ids)
		}
	}
	f("nothing", func(*Change) {}, false)
	f("a headline", func(c *Change) { c.Headline = "<b>" }, false, "summary")
	f("numbers", func(c *Change) { c.Watches[0].Signals[0].To = "3 %" }, false, "watch-0-rows")
	f("facts", func(c *Change) { c.Watches[0].Signals[0].Facts = []string{"one"} }, false, "watch-0-signal-0-facts")
	f("a look", func(c *Change) { c.Watches[0].LookedAt = time.Unix(1e9, 0) }, false, "watch-0-head")
	f("an order", func(c *Change) { c.Decision = &Order{State: "proposed"} }, false, "decision", "summary")
	f("a note of all signals", func(c *Change) { c.Watches[0].Notes = []string{"one"} }, false, "watch-0-said")
	f("a moment", func(c *Change) { c.Timeline = TimelineOf([]Moment{{}}) }, false, "timeline-part")
	f("another change", func(c *Change) { c.Suspects = []Suspect{{}} }, false, "suspects-part")
	f("a grade", func(c *Change) { c.Right = &Right{} }, false, "right-part")
	f("a part", func(c *Change) { c.Watches[0].Parts = []Parts{{Of: "errors", Rows: []Signal{{}}}} }, true)
	f("a freeze", func(c *Change) { c.Frozen = true }, false, "notices")
	f("a watch", func(c *Change) { c.Watches = append(c.Watches, Watch{}) }, true)
	f("another signal", func(c *Change) { c.Watches[0].Signals[0].Query = "up" }, true)
}

// A revision comes from whoever asks: whatever it is, the answer is an update or the whole.
func FuzzRevision(f *testing.F) {
	p, err := New("1.0")
	if err != nil {
		f.Fatal(err)
	}
	c := Change{Watches: []Watch{{Signals: []Signal{{}}, Plots: &WatchPlots{Signals: []Plot{{After: Line{1, 2, 3}}}}}}}
	var page strings.Builder
	if err := writeChange(p, &page, c); err != nil {
		f.Fatal(err)
	}
	right, err := base64.RawURLEncoding.DecodeString(revisionIn(page.String()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(right, []byte{})
	f.Add(right, c.plots().cursor())
	f.Add(right, slices.Repeat([]byte{0xff}, len(c.plots().cursor())))
	f.Add(right[:5], []byte("x"))
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, parts, cursor []byte) {
		u, err := changeSince(p, c, base64.RawURLEncoding.EncodeToString(slices.Concat(parts, cursor)))
		if err != nil {
			t.Fatal(err)
		}
		if !u.Whole && u.Plots != nil {
			asJSON(t, u.Plots)
		}
	})
}
