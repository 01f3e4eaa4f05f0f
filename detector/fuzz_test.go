package detector

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// bytesSource deals out arbitrary numbers from fuzzed bytes, zeros at the end.
type bytesSource []byte

func (b *bytesSource) next(n int) []byte {
	out := make([]byte, n)
	*b = (*b)[copy(out, *b):]
	return out
}

func (b *bytesSource) byte() byte { return b.next(1)[0] }

// number is often wild: any bit pattern, NaN and infinities among them.
func (b *bytesSource) number() float64 {
	switch kind := b.byte(); {
	case kind < 200:
		return float64(kind)
	case kind < 210:
		return math.NaN()
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b.next(8)))
}

func (b *bytesSource) values(n int) Values {
	v := make(Values, n)
	for i := range v {
		v[i] = b.number()
	}
	return v
}

// ticks have lengths that need not agree.
func (b *bytesSource) ticks() Ticks {
	n := int(b.byte()) % 36
	t := Ticks{Value: b.values(n)}
	if shape := b.byte(); shape%2 == 0 {
		t.Bad, t.Total = b.values(n), b.values(n)
	} else if shape%16 == 1 {
		t.Bad, t.Total = b.values(int(b.byte())%40), b.values(int(b.byte())%40)
	}
	return t
}

func (b *bytesSource) signal(name string) Signal {
	s := Signal{
		Name: name, Kind: []Kind{Counts, Level, ""}[b.byte()%3], Worse: []Worse{Higher, Lower, Either, ""}[b.byte()%4],
		MinEffect: MinEffect{Absolute: b.number(), Relative: b.number()}, MinEvents: b.number(), ActOnLost: b.byte()%2 == 0,
	}
	if limit := b.number(); limit > 100 {
		s.Limit = &limit
	}
	return s
}

func (b *bytesSource) reading(signal string) Reading {
	supply := []Supply{Fresh, Fresh, Fresh, Fresh, Unmatched, Gone, Stale, Broken, ""}[b.byte()%9]
	return Reading{Signal: signal, Supply: supply, Rolling: b.byte()%8 == 0, Before: b.ticks(), After: b.ticks(), Running: b.ticks()}
}

// fuzzHistory gives a signal that moves, so that the fuzzed before and after
// meet a profile that judges.
func fuzzHistory(p Plan, s Signal) Profile {
	x := wander(3, 800, 288, 40, 0.1)
	h := Ticks{Value: x}
	if s.Kind == Counts {
		h.Bad, h.Total = make(Values, len(x)), make(Values, len(x))
		for i, v := range x {
			h.Bad[i], h.Total[i] = math.Max(math.Round(v/10), 0), 300
		}
	}
	return Learn(p, s, History{Start: deploy.Add(-800 * p.Tick), Ticks: h})
}

// FuzzJudge: whatever was measured, a verdict can be stored, claims no more
// than it may, and is the same a second time.
func FuzzJudge(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3})
	f.Add([]byte("\x01\x00\x05\x05\xc8\x00\x0030 ticks of something, and then some more of it, and more"))
	f.Add([]byte{2, 0, 0, 0, 9, 0, 255, 0, 0, 0, 0, 0, 0, 240, 127, 30, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	plan := Plan{Tick: 5 * time.Minute, Before: 30, After: 30}
	learned := map[Kind]Profile{}
	for _, kind := range []Kind{Counts, Level, ""} {
		learned[kind] = fuzzHistory(plan, Signal{Kind: kind, Worse: Either})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := bytesSource(data)
		p, k := plan, Profiles{}
		o := Observation{StartedAt: deploy, From: deploy, Filled: b.number(), Final: b.byte()%2 == 0, Gap: int(b.byte()) - 5}
		for _, name := range []string{"a", "b"} {
			s := b.signal(name)
			p.Signals = append(p.Signals, s)
			o.Readings = append(o.Readings, b.reading(name))
			if b.byte()%2 == 0 {
				k[name] = learned[s.Kind]
			}
		}
		check(t, p, k, o)
	})
}

func check(t *testing.T, p Plan, k Profiles, o Observation) {
	t.Helper()
	v := Judge(p, k, o)
	stored, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("the verdict cannot be stored: %v: %+v", err, v)
	}
	if again, _ := json.Marshal(Judge(p, k, o)); string(again) != string(stored) {
		t.Fatalf("a second look differs:\n%s\n%s", stored, again)
	}
	if v.MayAct && (v.Grade != Certain || v.Outcome != Regressed) {
		t.Fatalf("acts without being certain: %s", stored)
	}
	if v.Outcome == Healthy && (!o.Final || v.Grade > Suspect) {
		t.Fatalf("healthy unearned: %s", stored)
	}
	for i, e := range v.Signals {
		supply := o.Readings[i].Supply
		if (supply == Broken || supply == Stale) && (e.Grade != None || e.Healthy || v.Outcome == Healthy) {
			t.Fatalf("a store that failed was taken for evidence: %s", stored)
		}
		if !(e.P >= 0 && e.P <= 1 && e.RawP <= e.P) {
			t.Fatalf("p %v, raw %v", e.P, e.RawP)
		}
	}
}

// FuzzTabulate: whatever a store answers, ticks have the grid's length and no
// counter ever falls.
func FuzzTabulate(f *testing.F) {
	f.Add([]byte{0, 5, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{3, 20, 200, 201, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2})
	forms := []Form{FormLevel, FormCounts, FormRatio, FormMean, FormSlow, FormNativeMean, FormNativeSlow, "unknown"}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := bytesSource(data)
		r := Raw{Form: forms[b.byte()%8], Edge: b.number()}
		g := Grid{Start: deploy, Tick: time.Duration(b.byte()) * time.Second, N: int(b.byte()) % 40}
		r.Value, r.Part = b.series(), b.series()
		ticks := Tabulate(r, g)
		for _, v := range []Values{ticks.Value, ticks.Bad, ticks.Total} {
			if len(v) != g.N && len(v) != 0 {
				t.Fatalf("%d ticks on a grid of %d", len(v), g.N)
			}
		}
		c := validTicks(ticks)
		for i, n := range c.Total {
			if n < 0 || c.Bad[i] < 0 || c.Bad[i] > n {
				t.Fatalf("%v bad of %v", c.Bad[i], n)
			}
		}
		around(r, g, Grid{Start: g.End(), Tick: g.Tick, N: 3}, deploy.Add(time.Hour))
		Newest(r.Value)
	})
}

func (b *bytesSource) series() []sources.Series {
	ss := make([]sources.Series, b.byte()%4)
	for i := range ss {
		at := deploy.UnixMilli() - 10000
		for range int(b.byte()) % 20 {
			at += int64(b.byte()) * 100
			ss[i].Samples = append(ss[i].Samples, sources.Sample{T: at, V: b.number()})
			ss[i].Histograms = append(ss[i].Histograms, sources.HistogramSample{
				T: at, Count: b.number(), Sum: b.number(),
				Buckets: []sources.Bucket{{Lower: b.number(), Upper: b.number(), Count: b.number()}},
			})
		}
	}
	return ss
}

// FuzzValues: any JSON is read without panic, and numbers survive.
func FuzzValues(f *testing.F) {
	f.Add([]byte(`[1,null,2.5]`))
	f.Add([]byte(`{"a":1}`))
	f.Add([]byte(`[1e999]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v, back Values
		if json.Unmarshal(data, &v) != nil {
			return
		}
		stored, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(stored, &back); err != nil {
			t.Fatal(err)
		}
		same(t, "values", back, v)
	})
}
