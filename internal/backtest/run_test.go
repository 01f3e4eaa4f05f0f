package backtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/csv"
	"github.com/pushback/pushback/watch"
)

const slow = `team: shop
rules:
  - name: slow
    watch: {service: "*"}
    settle: 0s
    tick: 5m
    bake: 150m
    history: 240h
    signals:
      - {name: time, query: $service, kind: gauge, min_effect: 5%}
    respond: [{at_least: likely, tell: $owner.pager}]
`

// options returns options that replay the rules in text over a folder of series.
func options(t testing.TB, text, folder string) Options {
	t.Helper()
	store, err := csv.New(metrics.Options{Name: "files"}, csv.Config{Dir: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	world := rules.World{Stores: map[string]sources.Language{"files": csv.Language{}}, Default: "files"}
	set, broken := rules.Load(fstest.MapFS{"r.yml": {Data: []byte(text)}}, world)
	if len(broken) > 0 {
		t.Fatal(broken)
	}
	return Options{
		Rules: set, Stores: map[string]gather.Ranger{"files": store}, Default: "files", Now: today,
		Service: func(_ context.Context, name string, _ time.Time) (rules.Service, error) {
			return rules.Service{Name: name}, nil
		},
	}
}

// recorded returns the changes of testdata.
func recorded(t testing.TB) []Moment {
	t.Helper()
	f, err := os.Open("testdata/changes.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	moments, err := ReadChanges(f.Name(), f, today)
	if err != nil {
		t.Fatal(err)
	}
	return moments
}

// run returns all replays.
func run(t testing.TB, o Options, moments []Moment) (all []Replay) {
	t.Helper()
	err := Run(t.Context(), o, moments, func(_ Moment, replays []Replay) error {
		all = append(all, replays...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRegressionIsCaughtAndQuietIsNot(t *testing.T) {
	replays := run(t, options(t, slow, "testdata/csv"), recorded(t))
	if len(replays) != 6 {
		t.Fatalf("%d replays", len(replays))
	}
	for _, r := range replays {
		grade, act := r.highest()
		bad := r.Moment.ID == "4"
		if len(r.Looks) != 30 || act || bad != (grade == detector.Certain) || bad != (grade >= detector.Likely) {
			t.Errorf("change %s: %d looks, %s, act %v", r.Moment.ID, len(r.Looks), grade, act)
		}
		if want := map[bool]watch.State{true: watch.Regressed, false: watch.Healthy}[bad]; r.End.State != want {
			t.Errorf("change %s: %s, want %s", r.Moment.ID, r.End.State, want)
		}
	}
}

// TestLooksAreTheDaemons queries the store at every tick, as the daemon does, and
// expects the verdicts of a replay, which queries once.
func TestLooksAreTheDaemons(t *testing.T) {
	o, c := options(t, slow, "testdata/csv"), recorded(t)[3]
	store := o.Stores["files"]
	b := o.Rules.For(c.Change, rules.Service{Name: c.Service})[0]
	base := gather.BeforeEnd(c.Change, b.Rule())
	plan, inputs, err := gather.Resolve(t.Context(), store, "files", b, base)
	if err != nil {
		t.Fatal(err)
	}
	h, err := gather.History(t.Context(), store, plan, inputs[0], b.Rule().History, base)
	if err != nil {
		t.Fatal(err)
	}
	w := watch.Watch{State: watch.Waiting, BaseAt: base, Settle: b.Rule().Settle, Bake: b.Rule().Bake, Every: b.Rule().Every, Plan: plan, Inputs: inputs}
	profiles := detector.Profiles{"time": detector.Learn(plan, plan.Signals[0], h)}
	for _, l := range run(t, o, []Moment{c})[0].Looks {
		v, ok := gather.ViewAt(w, c.Change, store.Resolution(), c.FinishedAt.Add(time.Duration(l.Tick)*plan.Tick))
		if !ok {
			t.Fatalf("tick %d: nothing to see", l.Tick)
		}
		reading, _, err := gather.Read(t.Context(), store, inputs[0], v, func() (*gather.Before, error) {
			return gather.FetchBefore(t.Context(), store, inputs[0], v.Before)
		})
		if err != nil {
			t.Fatal(err)
		}
		observed := v.Observation(w, c.Change)
		observed.Readings = []detector.Reading{reading}
		if diff := cmp.Diff(detector.Judge(plan, profiles, observed), l.Verdict); diff != "" {
			t.Fatalf("tick %d: %s", l.Tick, diff)
		}
	}
}

func TestReplaysComeInOrder(t *testing.T) {
	two := strings.Replace(slow, "  - name: slow", "  - name: first\n"+strings.SplitAfter(slow, "name: slow\n")[1]+"  - name: slow", 1)
	var one, many bytes.Buffer
	for workers, w := range map[int]*bytes.Buffer{1: &one, 7: &many} {
		o := options(t, two, "testdata/csv")
		o.Workers = workers
		for _, r := range run(t, o, recorded(t)) {
			if err := r.WriteJSON(w); err != nil {
				t.Fatal(err)
			}
		}
	}
	if one.Len() == 0 || !bytes.Equal(one.Bytes(), many.Bytes()) {
		t.Errorf("%d and %d bytes", one.Len(), many.Len())
	}
	var line Line
	if err := json.NewDecoder(&one).Decode(&line); err != nil || line.Change != "1" || line.Rule != "first" || line.Tick != 1 {
		t.Errorf("%+v, %v", line, err)
	}
}

func TestBakeIsFollowedAsFarAsItHasCome(t *testing.T) {
	o, c := options(t, slow, "testdata/csv"), recorded(t)[3]
	o.Now = c.StartedAt.Add(21 * time.Minute)
	if r := run(t, o, []Moment{c})[0]; len(r.Looks) != 4 || !r.End.State.Open() {
		t.Errorf("%d looks, %s", len(r.Looks), r.End.State)
	}
}

// TestStoreThatFailsIsBlind: a change whose store fails is neither healthy nor
// regressed.
func TestStoreThatFailsIsBlind(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "checkout.csv"), []byte("timestamp,value\nx,y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options(t, slow, folder)
	c := recorded(t)[3]
	r := run(t, o, []Moment{c})[0]
	if grade, _ := r.highest(); r.Compared() || grade != detector.None || r.End.State != watch.Blind {
		t.Errorf("%s, %s", grade, r.End.State)
	}
	s := NewScorer(o.Rules.Rules(), 0)
	s.Add(r)
	if n := s.Scores()[0].Changes; n.Watched != 1 || n.Judged != 0 {
		t.Errorf("%+v", n)
	}
}

func TestMaskedHistoryIsLeftOut(t *testing.T) {
	o, c := options(t, slow, "testdata/csv"), recorded(t)[3]
	o.Mask = func(_ context.Context, service, environment string, from, to time.Time) ([]sources.Window, error) {
		if service != c.Service || environment != c.Environment || !to.Equal(c.StartedAt) {
			t.Errorf("%s %s %s", service, environment, to)
		}
		return []sources.Window{{From: from, To: to}}, nil
	}
	if v := run(t, o, []Moment{c})[0].Looks[0].Verdict; v.Signals[0].Reason != detector.ShortHistory {
		t.Errorf("reason %q with all of the history left out", v.Signals[0].Reason)
	}
}

func TestRunEnds(t *testing.T) {
	o, moments := options(t, slow, "testdata/csv"), recorded(t)
	full := errors.New("disk full")
	if err := Run(t.Context(), o, moments, func(Moment, []Replay) error { return full }); !errors.Is(err, full) {
		t.Errorf("each fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Run(ctx, o, moments, func(Moment, []Replay) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	o.Default = "none"
	if err := Run(t.Context(), o, moments, func(Moment, []Replay) error { return nil }); err == nil || !strings.Contains(err.Error(), `"none"`) {
		t.Errorf("no such store: %v", err)
	}
}

// BenchmarkReplay replays one change with one signal: history, profile and 30 looks.
func BenchmarkReplay(b *testing.B) {
	o, moments := options(b, slow, "testdata/csv"), recorded(b)
	o.Workers = 1
	for i := 0; b.Loop(); i++ {
		run(b, o, moments[3:4])
	}
}

// TestPaceSetsTheThresholds: a rule that watches more changes has lower thresholds,
// which follow from its budget.
func TestPaceSetsTheThresholds(t *testing.T) {
	f := func(pace, likely float64) {
		t.Helper()
		o := options(t, slow, "testdata/csv")
		if pace > 0 {
			o.Pace = func(r rules.Rule) float64 { return pace }
		}
		got := run(t, o, recorded(t)[3:4])[0].End.Plan.Thresholds
		if want := o.Rules.Rules()[0].Budget.Thresholds(pace); pace > 0 && got != want || pace == 0 && got != (detector.Thresholds{}) || pace > 0 && got.Likely != likely {
			t.Errorf("%v a second: %+v, want %v", pace, got, likely)
		}
	}
	f(0, 0)
	f(1e-6, 0.01)
	f(10*rules.DefaultBudget.FalsePages*100, 0.001)
}
