package detector

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func BenchmarkLearn(b *testing.B) {
	for _, n := range []int{2880, 14400, 20160} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := planOf(time.Minute, latency)
			h := History{Start: deploy, Ticks: Ticks{Value: wander(1, n, 1440, 20, 0.5)}}
			b.ReportAllocs()
			for b.Loop() {
				Learn(p, latency, h)
			}
		})
	}
}

func BenchmarkJudge(b *testing.B) {
	f := func(name string, history int) {
		b.Run(name, func(b *testing.B) {
			s := quiet(history)
			b.ReportAllocs()
			for b.Loop() {
				Judge(s.plan, s.profiles, s.o)
			}
		})
	}
	f("history", 2880)
	f("season", 8*1440)
	f("no history", 0)
}

func BenchmarkTabulate(b *testing.B) {
	r, total, bad := rand.New(rand.NewPCG(1, 1)), make(Values, 20160), make(Values, 20160)
	for i := 1; i < len(total); i++ {
		total[i], bad[i] = total[i-1]+3000, bad[i-1]+poisson(r, 15)
	}
	raw := Raw{Form: FormCounts}
	raw.Value, raw.Part = append(raw.Value, minutes(total...)), append(raw.Part, minutes(bad...))
	b.ReportAllocs()
	for b.Loop() {
		Tabulate(raw, grid(20159))
	}
}

// TestLearningAllocatesLittle: what is learned from is laid out in a few blocks,
// however many placebos there are.
func TestLearningAllocatesLittle(t *testing.T) {
	p := planOf(time.Minute, latency)
	h := History{Start: deploy, Ticks: Ticks{Value: wander(1, 14400, 1440, 20, 0.5)}}
	if n := testing.AllocsPerRun(3, func() { Learn(p, latency, h) }); n > 250 { // some more under the race detector
		t.Errorf("%v allocations for 14,400 ticks", n)
	}
}

// BenchmarkLearnShape is BenchmarkLearn of ten days with twenty good changes.
func BenchmarkLearnShape(b *testing.B) {
	p := planOf(time.Minute, latency)
	h := History{Start: deploy, Ticks: Ticks{Value: wander(1, 14400, 1440, 20, 0.5)}}
	for at := 700; at < 14400; at += 700 {
		when := deploy.Add(time.Duration(at) * time.Minute)
		h.Good = append(h.Good, GoodChange{when, when})
		for i := range 3 {
			h.Ticks.Value[at+i] *= 2
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if k := Learn(p, latency, h); k.HigherShape == nil {
			b.Fatal("no shape")
		}
	}
}
