package accuracy

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/detector/stats"
	"github.com/pushback/pushback/sources"
)

// window is the number of before-ticks (w) and of after-ticks (h).
const window = 30

// moment is a place in a series at which a change is assumed.
type moment struct {
	series *Series
	at     int // the first after-tick
}

// draw picks moments from each series in turn, at random places with enough history,
// before-ticks and after-ticks, and without an incident near. It skips a constant
// history, because it has no spread by which a regression could be scaled.
func draw(all []Series, count, history int, seed uint64) []moment {
	var moments []moment
	r := rand.New(rand.NewPCG(seed, 1))
	const rounds = 50 // more than needed, because some series have few usable places
	for range rounds * max(count/max(len(all), 1), 1) {
		for i := range all {
			if len(moments) == count {
				return moments
			}
			if room := len(all[i].Values) - history - window; room > 0 {
				if m := (moment{&all[i], history + r.IntN(room)}); m.usable(history) {
					moments = append(moments, m)
				}
			}
		}
	}
	return moments
}

// usable reports whether the data around the moment can be measured.
func (m moment) usable(history int) bool {
	from, to := m.at-window, m.at+window
	if slices.Contains(m.series.Incident[from:to], true) || slices.ContainsFunc(m.series.Values[from:to], math.IsNaN) {
		return false
	}
	past := stats.Finite(nil, m.series.Values[m.at-history:m.at])
	return 2*len(past) >= history && slices.Min(past) < slices.Max(past)
}

func (m moment) before() []float64 { return m.series.Values[m.at-window : m.at] }
func (m moment) after() []float64  { return m.series.Values[m.at : m.at+window] }

// time is when tick i of the series begins.
func (m moment) time(i int) time.Time {
	return m.series.Start.Add(time.Duration(i) * m.series.Step)
}

func (m moment) plan() detector.Plan { return planOf(m.series.Step, levelSignal(detector.Higher)) }

// day is the number of ticks per day.
func (m moment) day() int { return int(24 * time.Hour / m.series.Step) }

// history is the ticks before the moment; NaN in incidents.
func (m moment) history(ticks int) []float64 {
	x := slices.Clone(m.series.Values[m.at-ticks : m.at])
	for i, incident := range m.series.Incident[m.at-ticks : m.at] {
		if incident {
			x[i] = math.NaN()
		}
	}
	return x
}

// learn learns the profile from the history before the moment. It leaves out incidents,
// as the daemon does.
func (m moment) learn(history int) detector.Profile {
	p, from := m.plan(), m.at-history
	h := detector.History{Start: m.time(from), Ticks: detector.Ticks{Value: m.series.Values[from:m.at]}}
	for i := from; i < m.at; i++ {
		if m.series.Incident[i] {
			h.Mask = append(h.Mask, sources.Window{From: m.time(i), To: m.time(i).Add(m.series.Step / 2)})
		}
	}
	return detector.Learn(p, p.Signals[0], h)
}

// watch scores the after-ticks one by one.
func (m moment) watch(k detector.Profile, after []float64) (likely, certain []float64) {
	return quietWatch{plan: m.plan(), profile: k, before: m.before()}.scores(m.time(m.at), after)
}
