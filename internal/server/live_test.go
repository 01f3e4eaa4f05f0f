package server

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/watch"
)

// openPage does what assets/app.js and plot.js do in a browser, and counts the bytes.
type openPage struct {
	*testServer
	path     string
	revision string
	parts    map[string]string // by id, those that were replaced
	watches  []shownPlots
	bytes    int // of all answers, as they were sent
	wholes   int // how often the whole page was asked for
}

type shownPlots struct {
	Tick, Started, From float64
	Keep                *int
	Signals             []struct {
		Signal, Unit        string
		Forecast, Low, High *float64
		Before, After       []*float64
	}
}

var revisionOf = regexp.MustCompile(`<p id="revision" hidden>([\w-]+)</p>`)

func (p *testServer) open(path string) *openPage {
	o := &openPage{testServer: p, path: path}
	o.whole()
	o.refresh()
	return o
}

func (o *openPage) whole() string {
	o.t.Helper()
	w, body := o.onWire(o.path, "Accept-Encoding", "zstd")
	o.bytes += len(body)
	page := decompressed(o.t, w.Header.Get("Content-Encoding"), body)
	found := revisionOf.FindStringSubmatch(page)
	if w.StatusCode != http.StatusOK || found == nil {
		o.t.Fatalf("%s: %d without a revision: %s", o.path, w.StatusCode, page)
	}
	o.revision, o.parts, o.watches = found[1], map[string]string{}, nil
	o.wholes++
	return page
}

// refresh asks for what is new, and says whether anything is.
func (o *openPage) refresh() bool {
	o.t.Helper()
	w, body := o.onWire(o.path, "Accept-Encoding", "zstd", sinceHeader, o.revision)
	o.bytes += len(body)
	if w.StatusCode == http.StatusNoContent {
		return false
	}
	var update struct {
		Revision string
		Whole    bool
		Parts    map[string]string
		Plots    *struct{ Watches []*shownPlots }
	}
	text := decompressed(o.t, w.Header.Get("Content-Encoding"), body)
	if err := json.Unmarshal([]byte(text), &update); err != nil || w.StatusCode != http.StatusOK {
		o.t.Fatalf("%s: %d %s: %v", o.path, w.StatusCode, text, err)
	}
	if update.Whole {
		o.whole()
		o.refresh()
		return true
	}
	o.revision = update.Revision
	maps.Copy(o.parts, update.Parts)
	if update.Plots != nil {
		o.take(update.Plots.Watches)
	}
	return true
}

func (o *openPage) take(fresh []*shownPlots) {
	for i, w := range fresh {
		if len(o.watches) <= i {
			o.watches = append(o.watches, shownPlots{})
		}
		if w == nil {
			continue
		}
		if w.Keep != nil {
			for j, s := range o.watches[i].Signals {
				w.Signals[j].Before, w.Signals[j].After = s.Before, append(slices.Clone(s.After[:*w.Keep]), w.Signals[j].After...)
			}
			w.Keep = nil
		}
		o.watches[i] = *w
	}
}

// mustBeTrue compares the page with one that is opened now.
func (o *openPage) mustBeTrue(when string) {
	o.t.Helper()
	now := &openPage{testServer: o.testServer, path: o.path}
	page := now.whole()
	now.refresh()
	for id, html := range o.parts {
		if !strings.Contains(page, `id="`+id+`">`+html+`</`) {
			o.t.Errorf("%s: %s is not in the page:\n%s", when, id, html)
		}
	}
	if !reflect.DeepEqual(o.watches, now.watches) {
		o.t.Errorf("%s: other plots", when)
	}
	if o.revision != now.revision {
		o.t.Errorf("%s: another revision", when)
	}
}

// bake is a change whose watch is looked at once a tick.
type bake struct {
	*testServer
	key   string
	w     watch.Watch
	plan  detector.Plan
	o     detector.Observation
	ticks int
	grade detector.Grade
	whole string                        // the signal that all others are parts of; "" where there are no parts
	adds  func(int, *detector.Evidence) // to the evidence of each signal; nil: nothing
}

func newBake(t testing.TB, st *store.Store, signals, before int) *bake {
	t.Helper()
	return newBakeOf(t, st, "cart", "signal.%d", signals, before, testNow.Add(-time.Hour))
}

// newBakeOf is newBake of another service, with other names of signals, which began at another time.
func newBakeOf(t testing.TB, st *store.Store, service, name string, signals, before int, began time.Time) *bake {
	t.Helper()
	s := fixture{service: service, version: fmt.Sprint("1.4.", signals), previous: "1.4.1", state: watch.Watching}
	key, _, err := acceptFixture(context.Background(), st, s, began)
	if err != nil {
		t.Fatal(err)
	}
	b := &bake{key: key, w: s.watch(key, began)}
	b.plan = detector.Plan{Rule: "red", Tick: time.Minute, Before: before, After: before}
	b.o = detector.Observation{StartedAt: began, From: began.Add(2 * time.Minute), Gap: 2}
	for i := range signals {
		name := fmt.Sprintf(name, i)
		b.plan.Signals = append(b.plan.Signals, detector.Signal{Name: name, Worse: detector.Higher, Unit: "seconds"})
		b.o.Readings = append(b.o.Readings, detector.Reading{Signal: name, Supply: detector.Fresh, Before: detector.Ticks{Value: noise(i, 0, before)}})
	}
	b.w.Plan = b.plan
	if err := st.PlanChange(context.Background(), key, []watch.Watch{b.w}); err != nil {
		t.Fatal(err)
	}
	return b
}

// noise is values that do not compress, as measured ones do not.
func noise(seed, from, to int) detector.Values {
	v := make(detector.Values, 0, to-from)
	for i := from; i < to; i++ {
		x := math.Sin(float64(seed*100003+i)*12.9898) * 43758.5453
		v = append(v, 0.2+0.05*(x-math.Floor(x)))
	}
	return v
}

// look stores one more look, with so many more ticks.
func (b *bake) look(t testing.TB, st *store.Store, ticks int) {
	t.Helper()
	from := b.ticks
	b.ticks += ticks
	at := b.o.From.Add(time.Duration(b.ticks) * time.Minute)
	v := detector.Verdict{Rule: "red", At: at, Tick: b.ticks, Grade: b.grade, Method: detector.Method}
	b.o.At, b.o.Readings = at, slices.Clone(b.o.Readings) // the store keeps those of the last look
	for i, r := range b.o.Readings {
		r.After.Value = append(slices.Clip(r.After.Value), noise(i, 10000+from, 10000+b.ticks)...)
		r.Running = detector.Ticks{Value: noise(i, 20000+b.ticks, 20001+b.ticks)}
		b.o.Readings[i] = r
		mean := 0.22 + 0.01*noise(i, b.ticks, b.ticks+1)[0]
		v.Signals = append(v.Signals, detector.Evidence{
			Signal: r.Signal, Unit: "seconds", Grade: b.grade, Worse: detector.Higher, P: mean, RawP: mean, Forecaster: "recent", History: 10080, Placebos: 1342, Healthy: true,
			Effect: detector.Effect{Forecast: 0.22, After: mean, Difference: mean - 0.22, Ratio: mean / 0.22, Low: mean - 0.25, High: mean - 0.2},
			Query:  fmt.Sprintf(`sum(rate(%s_sum{job="cart"}[1m])) / sum(rate(%s_count{job="cart"}[1m]))`, r.Signal, r.Signal),
		})
	}
	for i := range v.Signals {
		if e := &v.Signals[i]; e.Signal != b.whole {
			e.Part = b.whole
		}
		if b.adds != nil {
			b.adds(i, &v.Signals[i])
		}
	}
	b.storeLook(t, st, v, at)
}

func (b *bake) storeLook(t testing.TB, st *store.Store, v detector.Verdict, at time.Time) {
	t.Helper()
	to := b.w
	to.State, to.Next = watch.Watching, at.Add(time.Minute)
	moved, _, _, err := st.MoveWatch(context.Background(), b.w, to, store.Effects{Record: &store.Record{WatchID: b.w.ID, At: at, Verdict: v, Observation: b.o}})
	if err != nil || !moved {
		t.Fatal(moved, err)
	}
	to.Revision = b.w.Revision + 1
	b.w = to
}

// A page that is open during a whole bake is sent each tick once, and always shows what
// a page shows that is opened then. It is looked at every third tick, to take less time.
func TestOpenPageIsSentWhatIsNew(t *testing.T) {
	p := listen(t, nil)
	const ticks, signals = 960, 3
	b := newBake(t, p.store, signals, 120)
	page := p.open("/changes/" + b.key)
	half := 0
	for i := 0; i < ticks; i += 3 {
		b.look(t, p.store, 3)
		if !page.refresh() {
			t.Fatal("a look changes nothing")
		}
		if i%321 == 0 {
			if page.refresh() {
				t.Fatal("something is new without a look")
			}
			page.mustBeTrue(fmt.Sprintf("after %d ticks", i))
		}
		if i == ticks/2-3 {
			half = page.bytes
		}
	}
	page.mustBeTrue("at the end")
	first, second := half, page.bytes-half
	t.Logf("%d bytes in all, %d a look", page.bytes, 3*page.bytes/ticks)
	if second > first || page.wholes > 2 { // the first look gives the page its plots
		t.Errorf("%d bytes in the first half and %d in the second; the whole page %d times", first, second, page.wholes)
	}
	if most := ticks / 3 * (1000 + 200*signals); page.bytes > most {
		t.Errorf("%d bytes, more than %d", page.bytes, most)
	}
}

// A page of 20 signals with 960 ticks is sent in at most 300 KiB, by gzip too.
func TestLargePageIsSmall(t *testing.T) {
	p := listen(t, nil)
	b := newBake(t, p.store, 20, 960)
	b.look(t, p.store, 960)
	for _, encoding := range []string{"zstd", "gzip", "identity"} {
		w, body := p.onWire("/changes/"+b.key, "Accept-Encoding", encoding)
		revision := revisionOf.FindStringSubmatch(decompressed(t, w.Header.Get("Content-Encoding"), body))[1]
		_, plots := p.onWire("/changes/"+b.key, "Accept-Encoding", encoding, sinceHeader, revision)
		t.Logf("%s: page %d bytes, plots %d", encoding, len(body), len(plots))
		if all := len(body) + len(plots); encoding != "identity" && all > 300<<10 {
			t.Errorf("%s: %d bytes", encoding, all)
		}
	}
}
