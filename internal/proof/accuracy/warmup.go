package accuracy

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
)

// warmup is a service whose every deploy makes it slow for some minutes.
type warmup struct {
	what    string
	deploys int  // good ones in the history
	varied  bool // warm-ups differ in size and length
	unknown bool // the detector is not told of the good deploys
	draw    func(r *rand.Rand, n int) []float64
}

// WarmupRow is what the next deploy of such services looks like to the detector.
type WarmupRow struct {
	What    string `json:"what"`
	Watches int    `json:"watches"`
	Likely  Share  `json:"likely"`  // false alarms: only the warm-up
	Certain Share  `json:"certain"` // false alarms
	Found   Share  `json:"found"`   // at likely: the warm-up, and 30 % more that lasts
	Ticks   int    `json:"ticks"`   // median until then
}

// warmups are the services of the page.
var warmups = []warmup{
	{what: "white noise, 5 good deploys", deploys: 5, draw: around(100, 5, 0)},
	{what: "white noise, 12 good deploys", deploys: 12, draw: around(100, 5, 0)},
	{what: "AR .9, 12 good deploys", deploys: 12, draw: around(100, 3, 0.9)},
	{what: "daily season, 12 good deploys", deploys: 12, draw: seasonal(0, false)},
	{what: "white noise, 12 good deploys, ×1.6 to ×2.4 for 2 to 4 min", deploys: 12, varied: true, draw: around(100, 5, 0)},
	{what: "daily season, 12 good deploys, ×1.6 to ×2.4 for 2 to 4 min", deploys: 12, varied: true, draw: seasonal(0, false)},
	{what: "white noise, 12 deploys that nobody called good", deploys: 12, unknown: true, draw: around(100, 5, 0)},
}

// warmupHistory is what is learned from.
const warmupHistory = 7 * dayTicks

// warm makes a stretch slow, as a deploy at its first tick does.
func (u warmup) warm(r *rand.Rand, x []float64) {
	factor, ticks := 2.0, 3
	if u.varied {
		factor, ticks = 1.6+0.8*r.Float64(), 2+r.IntN(3)
	}
	for i := range min(ticks, len(x)) {
		x[i] *= factor
	}
}

// watch draws one service, deploys it some times, and watches the next deploy: with the
// warm-up alone, and with a lasting regression under it.
func (u warmup) watch(seed uint64, number int) (quiet, worse reached) {
	r := sourceOf(u.what, 0, seed, number)
	x := u.draw(r, warmupHistory+window)
	var good []detector.GoodChange
	for _, at := range deployTimes(r, u.deploys) {
		u.warm(r, x[at:])
		good = append(good, goodChangeAt(at))
	}
	if u.unknown {
		good = nil
	}
	w, after := learnQuiet(detector.Higher, x[:warmupHistory], good...), x[warmupHistory:]
	u.warm(r, after)
	slow := slices.Clone(after)
	for i := range slow {
		slow[i] *= 1.3
	}
	return w.look(after), w.look(slow)
}

// warmService is a service that every deploy warms up.
type warmService interface {
	name() string
	watch(seed uint64, number int) (quiet, worse reached)
}

func (u warmup) name() string      { return u.what }
func (u errorWarmup) name() string { return u.what }

func warmServices() (all []warmService) {
	for _, u := range warmups {
		all = append(all, u)
	}
	for _, u := range errorWarmups {
		all = append(all, u)
	}
	return all
}

// deployTimes are one moment in each part of the history, so that none is near another.
func deployTimes(r *rand.Rand, deploys int) []int {
	times := make([]int, deploys)
	part := (warmupHistory - 4*window) / deploys
	for k := range times {
		times[k] = 2*window + k*part + r.IntN(part-2*window)
	}
	return times
}

// goodChangeAt is a good deploy at a minute of the history.
func goodChangeAt(minute int) detector.GoodChange {
	moment := simulated.Add(time.Duration(minute-warmupHistory) * time.Minute)
	return detector.GoodChange{BaseAt: moment, FinishedAt: moment}
}

// MeasureWarmups draws so many services of each kind.
func MeasureWarmups(ctx context.Context, series int, seed uint64, progress Progress) ([]WarmupRow, error) {
	all := warmServices()
	outcomes, err := watchKinds(ctx, len(all), series, progress, func(kind, number int) []reached {
		quiet, worse := all[kind].watch(seed, number)
		return []reached{quiet, worse}
	})
	rows := make([]WarmupRow, len(outcomes))
	for i := range rows {
		quiet, worse := columnOf(outcomes[i], 0), columnOf(outcomes[i], 1)
		rows[i] = WarmupRow{
			What: all[i].name(), Watches: series,
			Likely: rateOf(quiet, detector.Likely), Certain: rateOf(quiet, detector.Certain),
			Found: rateOf(worse, detector.Likely), Ticks: medianTick(ticksOf(worse, detector.Likely)),
		}
	}
	return rows, err
}
