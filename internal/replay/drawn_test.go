package replay

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

var deploy = time.Date(2026, time.November, 23, 10, 0, 0, 0, time.FixedZone("CET", 3600))

// drawn is a look that is drawn at random: of any kind of signal, with any state of its store.
type drawn struct {
	*rand.Rand
	plan     detector.Plan
	look     detector.Observation
	facts    Facts
	profiles detector.Profiles // as they are stored
	named    Profiles
	stored   map[string][]byte
}

func draw(seed uint64) *drawn {
	d := &drawn{
		Rand: rand.New(rand.NewPCG(seed, 12)), profiles: detector.Profiles{}, stored: map[string][]byte{},
		plan: detector.Plan{Rule: "red", Tick: time.Minute, Before: 30, After: 30, Fine: 15 * time.Second, Thresholds: detector.DefaultThresholds},
	}
	final := d.one(3)
	d.look = detector.Observation{
		At: deploy.Add(30 * time.Minute), StartedAt: deploy, From: deploy.Add(time.Minute), Settled: time.Minute, Kind: sources.Deploy,
		Gap: d.IntN(2), Filled: d.Float64(), Final: final, Fine: &detector.Fineness{Gap: 1, Filled: d.Float64()},
	}
	d.facts = Facts{RolloutFailed: d.one(6), Confounded: d.one(3)}
	if d.one(5) {
		d.weak()
		return d
	}
	for i := range 1 + d.IntN(4) {
		d.signal(fmt.Sprintf("signal%d", i))
	}
	return d
}

func (d *drawn) one(in int) bool { return d.IntN(in) == 0 }

func pick[T any](d *drawn, of ...T) T { return of[d.IntN(len(of))] }

// weak draws four signals that move a little, for a test of all of them together.
func (d *drawn) weak() {
	d.facts = Facts{}
	for i := range 4 {
		s := detector.Signal{Name: fmt.Sprintf("signal%d", i), Kind: detector.Level, Worse: detector.Higher}
		d.plan.Signals = append(d.plan.Signals, s)
		d.learn(s)
		d.look.Readings = append(d.look.Readings, detector.Reading{
			Signal: s.Name, Supply: detector.Fresh, Before: d.ticks(s, 30, 1), After: d.ticks(s, 20, 1.1+0.1*d.Float64()),
		})
	}
}

// signal draws a signal, its profile and its reading.
func (d *drawn) signal(name string) {
	limit := 0.2
	s := detector.Signal{
		Name: name, Kind: pick(d, detector.Counts, detector.Level), Worse: pick(d, detector.Higher, detector.Lower, detector.Either),
		Unit: pick(d, "", "fraction", "seconds"), MinEvents: 50, ActOnLost: d.one(2), SkipUnmatched: d.one(2), Controlled: d.one(3),
		ByVersion: d.one(4), Needed: d.one(4), Place: "rules/red.yml:7",
	}
	if d.one(2) {
		s.Limit = &limit
	}
	if s.Controlled && s.Kind == detector.Counts && d.one(2) {
		s.Split = pick(d, 0.5, 0.9)
	}
	if d.one(8) {
		s.Unseen = "the counter has no label code"
	}
	d.add(s)
	if d.one(4) {
		fine := s
		fine.Name, fine.Of = detector.FineName(name, d.plan.Fine), name
		d.add(fine)
	}
	if s.Kind == detector.Counts && d.one(3) {
		part := s
		part.Name, part.Part = name+"/a", name
		d.add(part)
	}
}

func (d *drawn) add(s detector.Signal) {
	d.plan.Signals = append(d.plan.Signals, s)
	if s.Learns() && !d.one(3) {
		d.learn(s)
	}
	if !d.one(12) {
		d.look.Readings = append(d.look.Readings, d.reading(s))
	}
}

// learn stores a profile of ten hours of quiet, as the store does.
func (d *drawn) learn(s detector.Signal) {
	plan := d.plan.On(s)
	history := detector.History{Start: deploy.Add(-600 * plan.Tick), Ticks: d.ticks(s, 600, 1)}
	if s.Controlled {
		history.Control = d.ticks(s, 600, 1).Value
	}
	body, err := detector.Learn(plan, s, history).Pack()
	if err != nil {
		panic(err)
	}
	hash := fmt.Sprintf("hash of %s", s.Name)
	d.stored[hash] = body
	p, err := detector.Unpack(body)
	if err != nil {
		panic(err)
	}
	without := d.one(4)
	d.named.Use(s.Name, hash, without)
	if without {
		p = p.WithoutShape()
	}
	d.profiles[s.Name] = p
}

// ticks draws n ticks at a multiple of the usual level, some of them missing.
func (d *drawn) ticks(s detector.Signal, n int, level float64) (t detector.Ticks) {
	for range n {
		v := level * (0.01 + 0.002*d.NormFloat64())
		if s.Kind == detector.Counts {
			total := math.Round(500 + 50*d.NormFloat64())
			bad := math.Max(0, math.Round(v*total))
			t.Bad, t.Total, v = append(t.Bad, bad), append(t.Total, total), bad/total
		}
		if d.one(40) {
			v = pick(d, math.NaN(), math.Inf(1))
		}
		t.Value = append(t.Value, v)
	}
	return t
}

func (d *drawn) reading(s detector.Signal) detector.Reading {
	r := detector.Reading{Signal: s.Name, Query: "rate(x[1m])", Supply: detector.Fresh, BucketsChanged: d.one(12), Rolling: d.one(12)}
	before, level := pick(d, 30, 30, 30, 5, 0), pick(d, 1.0, 1, 1.08, 1.5, 3, 40, 0.1)
	r.Before, r.After, r.Running = d.ticks(s, before, 1), d.ticks(s, d.IntN(31), level), d.ticks(s, d.IntN(2), level)
	if d.one(4) {
		r.After, r.Running = d.passing(s, level), detector.Ticks{}
	}
	if d.one(3) {
		r.Supply = pick(d, detector.Unmatched, detector.Gone, detector.Ended, detector.Stale, detector.Broken)
		r.Fault, r.Silent = "connection refused", time.Duration(d.IntN(20))*time.Minute
		r.After = d.ticks(s, d.IntN(5), 1)
	}
	if d.one(10) {
		r.After.Series = 3
	}
	if d.one(10) && len(r.After.Value) > 3 {
		r.After.Impossible, r.After.Incomplete, r.After.Idle = []int{0}, []int{1}, []int{2}
	}
	if s.Controlled {
		r.Control = &detector.Control{
			Supply: pick(d, detector.Fresh, detector.Fresh, detector.Unmatched, detector.Broken), Query: "rate(y[1m])",
			Before: d.ticks(s, before, 1), After: d.ticks(s, len(r.After.Value), pick(d, 1.0, level)), Running: d.ticks(s, len(r.Running.Value), 1),
		}
	}
	return r
}

// passing draws an effect that has gone by itself.
func (d *drawn) passing(s detector.Signal, level float64) detector.Ticks {
	t, rest := d.ticks(s, 10, level), d.ticks(s, 20, 1)
	return detector.Ticks{Value: append(t.Value, rest.Value...), Bad: append(t.Bad, rest.Bad...), Total: append(t.Total, rest.Total...)}
}

// verdict judges as the engine does.
func (d *drawn) verdict() detector.Verdict {
	v := detector.Judge(d.plan, d.profiles, d.look)
	v.Reason = d.facts.reason(v)
	return v
}

// entry is what the engine writes of the look.
func (d *drawn) entry(v detector.Verdict) (Entry, error) {
	detail := map[string]any{"watch": "key.red", "line": 0, "verdict": v}
	err := Basis{Observation: &d.look, Plan: &d.plan, Facts: &d.facts, Profiles: d.named}.AddTo(detail)
	b, encoding := json.Marshal(detail)
	if err == nil {
		err = encoding
	}
	return Entry{Seq: 1, Actor: "rule red", Action: Responded, Detail: b}, err
}

func (d *drawn) profile(hash string) (detector.Profile, error) {
	return detector.Unpack(d.stored[hash])
}
