package accuracy

import (
	"context"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/pushback/pushback/detector"
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
}

// FaultRow is the faults of one kind, by the minute until which they were found.
type FaultRow struct {
	Kind   string `json:"kind"`
	Faults int    `json:"faults"`
	Three  int    `json:"found_by_minute_3"`
	Five   int    `json:"found_by_minute_5"`
}

// MeasureFaults watches quiet moments of pods, and every fault.
func MeasureFaults(ctx context.Context, r Recording, watches int, seed uint64, progress Progress) (RealFaults, error) {
	quiet, faults := r.quietWatches(watches, seed), r.faultWatches()
	all := slices.Concat(quiet, faults)
	outcomes := make([]podOutcome, len(all))
	err := parallel(ctx, len(all), progress, func(i int) { outcomes[i] = r.watch(all[i]) })
	if err != nil {
		return RealFaults{}, err
	}
	return RealFaults{Quiet: quietRows(quiet, outcomes), Kinds: faultRows(faults, outcomes[len(quiet):])}, nil
}

// quietWatches draws watches at rows around which no pod had a fault. Half of them are
// under load, and half when next to nothing was asked of the system.
func (r Recording) quietWatches(count int, seed uint64) []podWatch {
	var loaded, idle []podWatch
	for p, other := range r.watchedPods() {
		for row := window; row+window <= len(p.Times); row++ {
			w := podWatch{pod: p, other: other, row: row, idle: p.Times[row]%(24*3600) > trafficEnds}
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
	random := rand.New(rand.NewPCG(seed, 6))
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
				watches = append(watches, podWatch{pod: p, other: other, row: row, fault: f})
			}
		}
	}
	return watches
}

func quietRows(watches []podWatch, outcomes []podOutcome) []QuietRow {
	var rows []QuietRow
	for _, idle := range []bool{false, true} {
		var all []reached
		lost := 0
		for i, w := range watches {
			if w.idle != idle {
				continue
			}
			all = append(all, outcomes[i].reached)
			if outcomes[i].lost {
				lost++
			}
		}
		if len(all) == 0 {
			continue
		}
		row := QuietRow{When: "under load", Watches: len(all), Likely: rateOf(all, detector.Likely), Lost: shareOf(lost, len(all)), Certain: rateOf(all, detector.Certain)}
		if idle {
			row.When = "next to no traffic"
		}
		rows = append(rows, row)
	}
	return rows
}

func faultRows(watches []podWatch, outcomes []podOutcome) []FaultRow {
	kinds := map[string]*FaultRow{}
	for i, w := range watches {
		row := kinds[w.fault.Kind]
		if row == nil {
			row = &FaultRow{Kind: w.fault.Kind}
			kinds[w.fault.Kind] = row
		}
		row.Faults++
		if at := outcomes[i].reached[detector.Likely]; at > 0 && at <= 5 {
			row.Five++
			if at <= 3 {
				row.Three++
			}
		}
	}
	rows := make([]FaultRow, 0, len(kinds))
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		rows = append(rows, *kinds[kind])
	}
	return rows
}
