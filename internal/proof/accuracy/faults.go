package accuracy

import (
	"context"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/detector/stats"
)

// RealFaults is what the detector makes of a recording.
type RealFaults struct {
	Quiet []QuietRow `json:"quiet"`
	Kinds []FaultRow `json:"kinds"`
}

// QuietRow is some quiet watches of all signals of a pod.
type QuietRow struct {
	When    string `json:"when"`
	Watches int    `json:"watches"`
	Likely  Share  `json:"likely"`  // false alarms
	Lost    Share  `json:"lost"`    // those of them that say that a signal was lost
	Certain Share  `json:"certain"` // false alarms

	// What the latency of the callers says, where the service has known ones, and how rare the
	// rarest move of the pod's signals is.
	Callers  Share   `json:"callers_likely"` // false alarms
	Furthest float64 `json:"furthest"`       // see FaultRow
}

// FaultRow is the faults of one kind, by the minute until which they were found.
type FaultRow struct {
	Kind    string `json:"kind"`
	Faults  int    `json:"faults"`
	Three   int    `json:"found_by_minute_3"`
	Five    int    `json:"found_by_minute_5"`
	Callers int    `json:"found_in_callers"` // by minute 5, by the latency of the callers

	// Furthest is, of the signal that moved most unusually, the share of its history's moments
	// at which it moved as far: the median of all watches.
	Furthest float64 `json:"furthest"`
}

// MeasureFaults watches quiet moments of pods, and every fault.
func MeasureFaults(ctx context.Context, r Recording, watches int, seed uint64, progress Progress) (RealFaults, error) {
	quiet, faults := r.quietWatches(watches, seed), r.faultWatches()
	all := slices.Concat(quiet, faults)
	outcomes := make([]bothOutcomes, len(all))
	err := parallel(ctx, len(all), progress, func(i int) { outcomes[i] = bothOutcomes{r.watch(all[i]), r.watchCallers(all[i])} })
	if err != nil {
		return RealFaults{}, err
	}
	return RealFaults{Quiet: quietRows(quiet, outcomes), Kinds: faultRows(faults, outcomes[len(quiet):])}, nil
}

// bothOutcomes are a watch of a pod's own signals, and one of its callers' latency.
type bothOutcomes struct{ own, callers podOutcome }

// quietWatches draws watches at rows around which no pod had a fault. Half of them are
// under load, and half when next to nothing was asked of the system. No two of one pod share a
// tick after their rows, because one event would then be several false alarms. So there are
// fewer watches where there are not enough such rows.
func (r Recording) quietWatches(count int, seed uint64) []podWatch {
	var loaded, idle []podWatch
	random := rand.New(rand.NewPCG(seed, 6))
	for p, other := range r.watchedPods() {
		for row := window + random.IntN(window); row+window <= len(p.Times); row += window {
			w := podWatch{podView: podView{p, other, row}, idle: p.Times[row]%(24*3600) > trafficEnds}
			switch {
			case !r.quietAround(p.Times[row]):
			case w.idle:
				idle = append(idle, w)
			default:
				loaded = append(loaded, w)
			}
		}
	}
	var drawn []podWatch
	for _, places := range [][]podWatch{loaded, idle} {
		random.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
		drawn = append(drawn, places[:min(count/2, len(places))]...)
	}
	return drawn
}

// watchedPods are the pods whose service has another day to learn from, each with its pod on
// that day.
func (r Recording) watchedPods() iter.Seq2[*Pod, *Pod] {
	return func(yield func(pod, other *Pod) bool) {
		for day := range r.Days {
			for i := range r.Days[day] {
				p := &r.Days[day][i]
				if other := r.otherDay(day, p.Service); other != nil && !yield(p, other) {
					return
				}
			}
		}
	}
}

// otherDay is the service's pod on the next day of the recording, or on the first after
// the last; nil where it has none or no signals.
func (r Recording) otherDay(day int, service string) *Pod {
	pods := r.Days[(day+1)%len(r.Days)]
	i := slices.IndexFunc(pods, func(p Pod) bool { return p.Service == service })
	watched := func(s detector.Signal) bool { return pods[i].Columns[s.Name] != nil }
	if i < 0 || !slices.ContainsFunc(podSignals, watched) {
		return nil
	}
	return &pods[i]
}

// faultWatches are watches that begin with each fault.
func (r Recording) faultWatches() []podWatch {
	var watches []podWatch
	for p, other := range r.watchedPods() {
		for _, f := range r.Faults {
			row := sort.Search(len(p.Times), func(i int) bool { return p.Times[i] > f.At })
			if f.Pod == p.Name && row < len(p.Times) {
				watches = append(watches, podWatch{podView: podView{p, other, row}, fault: f})
			}
		}
	}
	return watches
}

func quietRows(watches []podWatch, outcomes []bothOutcomes) []QuietRow {
	var rows []QuietRow
	for _, idle := range []bool{false, true} {
		var own, called []reached
		var furthest []float64
		lost := 0
		for i, w := range watches {
			if w.idle != idle {
				continue
			}
			own, furthest = append(own, outcomes[i].own.reached), append(furthest, outcomes[i].own.furthest)
			if outcomes[i].own.lost {
				lost++
			}
			if callers[w.pod.Service] != nil {
				called = append(called, outcomes[i].callers.reached)
			}
		}
		if len(own) == 0 {
			continue
		}
		row := QuietRow{
			When: "under load", Watches: len(own), Likely: rateOf(own, detector.Likely), Lost: shareOf(lost, len(own)), Certain: rateOf(own, detector.Certain),
			Furthest: stats.MedianInPlace(furthest),
		}
		if len(called) > 0 {
			row.Callers = rateOf(called, detector.Likely)
		}
		if idle {
			row.When = "next to no traffic"
		}
		rows = append(rows, row)
	}
	return rows
}

func faultRows(watches []podWatch, outcomes []bothOutcomes) []FaultRow {
	kinds, furthest := map[string]*FaultRow{}, map[string][]float64{}
	for i, w := range watches {
		kind := w.fault.Kind
		if kinds[kind] == nil {
			kinds[kind] = &FaultRow{Kind: kind}
		}
		kinds[kind].add(outcomes[i])
		furthest[kind] = append(furthest[kind], outcomes[i].own.furthest)
	}
	rows := make([]FaultRow, 0, len(kinds))
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		kinds[kind].Furthest = stats.MedianInPlace(furthest[kind])
		rows = append(rows, *kinds[kind])
	}
	return rows
}

// add counts one more fault.
func (f *FaultRow) add(o bothOutcomes) {
	f.Faults++
	if o.own.likelyBy(3) {
		f.Three++
	}
	if o.own.likelyBy(5) {
		f.Five++
	}
	if o.callers.likelyBy(5) {
		f.Callers++
	}
}

// likelyBy reports whether a watch was likely by a minute.
func (o podOutcome) likelyBy(minute int) bool {
	at := o.reached[detector.Likely]
	return at > 0 && at <= minute
}
