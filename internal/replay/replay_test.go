package replay

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
)

// TestEveryVerdictIsJudgedAgain: looks of every kind are judged, written as the engine writes
// them and judged again. Nothing is lost on the way through JSON.
func TestEveryVerdictIsJudgedAgain(t *testing.T) {
	met := map[string]int{}
	for seed := range uint64(500) {
		d := draw(seed)
		v := d.verdict()
		e, err := d.entry(v)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got := Change([]Entry{e}, d.profile)
		if len(got) != 1 || got[0].State != Equal {
			t.Fatalf("seed %d: %+v", seed, got)
		}
		note(met, v)
	}
	for _, kind := range []string{
		"healthy", "regressed", "inconclusive", "blind", "counts", "scan", "limit", "loss", "control", "together",
		"signal_lost", "unmatched", "several_series", "buckets_changed", "sample_ratio", "confounded", "rollout_failed", "bad_unseen", "stale_data", "transient",
	} {
		if met[kind] == 0 {
			t.Errorf("no look was %s: %v", kind, met)
		}
	}
}

// note counts which kinds of verdicts were drawn.
func note(met map[string]int, v detector.Verdict) {
	met[v.Outcome.String()]++
	met[string(v.Reason)]++
	for _, e := range v.Signals {
		met[string(e.Reason)]++
		for _, test := range e.Tests {
			met[string(test)]++
		}
	}
}

// TestWhatIsChangedIsSeen: a number, a grade or a reason that was changed is shown.
func TestWhatIsChangedIsSeen(t *testing.T) {
	d := regressed(t)
	f := func(want Difference, change func(*detector.Verdict)) {
		t.Helper()
		v := d.verdict()
		change(&v)
		e, err := d.entry(v)
		if err != nil {
			t.Fatal(err)
		}
		got := Change([]Entry{e}, d.profile)[0]
		if got.State != Differs || len(got.Differences) != 1 || got.Differences[0].Field != want.Field ||
			want.Was != "" && got.Differences[0].Was != want.Was {
			t.Errorf("%s is %s: %+v", want.Field, got.State, got.Differences)
		}
	}
	f(Difference{Field: "grade", Was: "suspect"}, func(v *detector.Verdict) { v.Grade = detector.Suspect })
	f(Difference{Field: "outcome", Was: "healthy"}, func(v *detector.Verdict) { v.Outcome = detector.Healthy })
	f(Difference{Field: "reason", Was: "transient"}, func(v *detector.Verdict) { v.Reason = detector.Transient })
	f(Difference{Field: "signal0.p"}, func(v *detector.Verdict) { v.Signals[0].P += 1e-6 })
	f(Difference{Field: "signal0.effect.after"}, func(v *detector.Verdict) { v.Signals[0].Effect.After *= 1.001 })
	f(Difference{Field: "signal0.query", Was: "up"}, func(v *detector.Verdict) { v.Signals[0].Query = "up" })
}

// regressed draws a look that has found something.
func regressed(t *testing.T) *drawn {
	t.Helper()
	for seed := range uint64(1000) {
		if d := draw(seed); !d.facts.RolloutFailed && d.verdict().Outcome == detector.Regressed && d.verdict().Signals[0].P > 0 && d.verdict().Signals[0].Effect.After > 0 {
			return d
		}
	}
	t.Fatal("no seed has regressed")
	return nil
}

// TestRoundingIsNoDifference: a processor that multiplies and adds in one step gives other last digits.
func TestRoundingIsNoDifference(t *testing.T) {
	d := regressed(t)
	v := d.verdict()
	v.Signals[0].P *= 1 + 1e-12
	e, err := d.entry(v)
	if err != nil {
		t.Fatal(err)
	}
	if got := Change([]Entry{e}, d.profile)[0]; got.State != Equal {
		t.Errorf("%+v", got)
	}
}

// TestOtherMethod: the method is named beside the differences, and is none of them.
func TestOtherMethod(t *testing.T) {
	d := regressed(t)
	v := d.verdict()
	v.Method = "4"
	e, err := d.entry(v)
	if err != nil {
		t.Fatal(err)
	}
	if got := Change([]Entry{e}, d.profile)[0]; got.State != Equal || got.Method != "4" {
		t.Errorf("%+v", got)
	}
}

// TestOneLookSharesItsBasis: the entries of a look are one result, and one entry without the
// rest of its look cannot be judged.
func TestOneLookSharesItsBasis(t *testing.T) {
	d := regressed(t)
	first, err := d.entry(d.verdict())
	if err != nil {
		t.Fatal(err)
	}
	second := Entry{Seq: 2, Actor: "rule red", Action: Ended, Detail: without(t, first.Detail, "observation", "plan", "facts", "profiles", "without_shape")}
	if got := Change([]Entry{first, second}, d.profile); len(got) != 1 || got[0].State != Equal || len(got[0].Seqs) != 2 || len(got[0].For) != 2 {
		t.Errorf("%+v", got)
	}
	if got := Change([]Entry{second}, d.profile); len(got) != 1 || got[0].State != Cannot || !strings.Contains(got[0].Why, "no observation") {
		t.Errorf("%+v", got)
	}
}

// TestOlderEntries: entries of older versions knew no facts, and named only some profiles.
func TestOlderEntries(t *testing.T) {
	for seed := range uint64(300) {
		d := draw(seed)
		v := d.verdict()
		e, err := d.entry(v)
		if err != nil {
			t.Fatal(err)
		}
		e.Detail = without(t, e.Detail, "facts")
		if got := Change([]Entry{e}, d.profile)[0]; got.State != Equal {
			t.Fatalf("seed %d: %+v", seed, got)
		}
		e.Detail = without(t, e.Detail, "profiles")
		got := Change([]Entry{e}, d.profile)[0]
		if usesHistory(v) && (got.State != Cannot || !strings.Contains(got.Why, "does not name")) {
			t.Fatalf("seed %d: %s without its profiles: %s", seed, got.State, got.Why)
		}
	}
}

func usesHistory(v detector.Verdict) bool {
	for _, e := range v.Signals {
		if e.History > 0 {
			return true
		}
	}
	return false
}

// TestWhyItCannot: whoever cannot judge again is told what is missing.
func TestWhyItCannot(t *testing.T) {
	d := regressed(t)
	for len(d.named.Hashes) == 0 {
		d = draw(d.Uint64())
	}
	e, err := d.entry(d.verdict())
	if err != nil {
		t.Fatal(err)
	}
	gone := errors.New("it is gone")
	got := Change([]Entry{e}, func(string) (detector.Profile, error) { return detector.Profile{}, gone })[0]
	if got.State != Cannot || !strings.Contains(got.Why, "the profile of signal") || !strings.Contains(got.Why, "it is gone") {
		t.Errorf("%+v", got)
	}
	broken := Change([]Entry{{Seq: 7, Actor: "rule red", Action: Responded, Detail: json.RawMessage(`{"verdict":3}`)}}, nil)
	if len(broken) != 1 || broken[0].State != Cannot || !strings.Contains(broken[0].Why, "entry 7 cannot be read") {
		t.Errorf("%+v", broken)
	}
	if got := Change([]Entry{{Action: Ended, Detail: json.RawMessage(`{"verdict":null}`)}, {Action: "order", Detail: json.RawMessage(`[]`)}}, nil); len(got) != 0 {
		t.Errorf("nothing was judged, and is judged again: %+v", got)
	}
}

func TestReadable(t *testing.T) {
	d := regressed(t)
	e, err := d.entry(d.verdict())
	if err != nil {
		t.Fatal(err)
	}
	if got := string(Readable(e.Action, e.Detail)); strings.Contains(got, `"observation"`) || !strings.Contains(got, `"verdict"`) {
		t.Error(got)
	}
	if got := string(Readable("permit", json.RawMessage(`{"facts":1}`))); got != `{"facts":1}` {
		t.Error(got)
	}
}

func without(t *testing.T, detail json.RawMessage, keys ...string) json.RawMessage {
	t.Helper()
	var fields map[string]json.RawMessage
	err := json.Unmarshal(detail, &fields)
	for _, key := range keys {
		delete(fields, key)
	}
	b, encoding := json.Marshal(fields)
	if err = errors.Join(err, encoding); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOldBeforeWindows: the before window may be inherited from a change months ago, and then
// lies many ticks before the one that is judged.
func TestOldBeforeWindows(t *testing.T) {
	d := regressed(t)
	d.look.Gap = int(90 * 24 * time.Hour / (15 * time.Second))
	e, err := d.entry(d.verdict())
	if err != nil {
		t.Fatal(err)
	}
	if got := Change([]Entry{e}, d.profile)[0]; got.State != Equal {
		t.Errorf("%+v", got)
	}
}
