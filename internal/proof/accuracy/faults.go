package accuracy

import (
	"cmp"
	"context"
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
	return RealFaults{Quiet: quietRows(quiet, outcomes), Kinds: r.faultRows(faults, outcomes[len(quiet):])}, nil
}

// quietWatches draws watches at rows around which no pod had a fault. Half of them are
// under load, and half when next to nothing was asked of the system.
func (r Recording) quietWatches(count int, seed uint64) []podWatch {
	var byLoad [2][]podWatch
	for day := range r.Days {
		for i := range r.Days[day] {
			p := &r.Days[day][i]
			other := r.otherDay(day, p.Service)
			for row := window; other != nil && row+window <= len(p.Times); row++ {
				if r.quietAround(p.Times[row]) {
					load := 0
					if p.Times[row]%(24*3600) > 16*3600 {
						load = 1
					}
					byLoad[load] = append(byLoad[load], podWatch{pod: p, other: other, row: row, idle: load == 1})
				}
			}
		}
	}
	var drawn []podWatch
	random := rand.New(rand.NewPCG(seed, 6))
	for _, places := range byLoad {
		random.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
		drawn = append(drawn, places[:min(count/2, len(places))]...)
	}
	return drawn
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
	for day := range r.Days {
		for i := range r.Days[day] {
			p := &r.Days[day][i]
			for _, f := range r.Faults {
				row := sort.Search(len(p.Times), func(i int) bool { return p.Times[i] > f.At })
				if other := r.otherDay(day, p.Service); f.Pod == p.Name && other != nil && row < len(p.Times) {
					watches = append(watches, podWatch{pod: p, other: other, row: row, fault: f.At})
				}
			}
		}
	}
	return watches
}

func quietRows(watches []podWatch, outcomes []podOutcome) []QuietRow {
	var rows []QuietRow
	for _, idle := range []bool{false, true} {
		row, likely, certain, lost := QuietRow{When: "under load"}, 0, 0, 0
		if idle {
			row.When = "next to no traffic"
		}
		for i, w := range watches {
			if w.idle != idle {
				continue
			}
			row.Watches++
			likely += min(outcomes[i].reached[detector.Likely], 1)
			certain += min(outcomes[i].reached[detector.Certain], 1)
			if outcomes[i].lost {
				lost++
			}
		}
		if row.Watches > 0 {
			row.Likely, row.Certain, row.Lost = shareOf(likely, row.Watches), shareOf(certain, row.Watches), shareOf(lost, row.Watches)
			rows = append(rows, row)
		}
	}
	return rows
}

func (r Recording) faultRows(watches []podWatch, outcomes []podOutcome) []FaultRow {
	kinds := map[string]*FaultRow{}
	for i, w := range watches {
		f := r.Faults[slices.IndexFunc(r.Faults, func(f Fault) bool { return f.At == w.fault })]
		row := kinds[f.Kind]
		if row == nil {
			row = &FaultRow{Kind: f.Kind}
			kinds[f.Kind] = row
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
	for _, row := range slices.SortedFunc(maps.Values(kinds), func(a, b *FaultRow) int { return cmp.Compare(a.Kind, b.Kind) }) {
		rows = append(rows, *row)
	}
	return rows
}
