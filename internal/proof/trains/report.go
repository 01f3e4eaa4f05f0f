package trains

import "fmt"

// Report is what became of all trains.
type Report struct {
	Rows   []Row  `json:"rows"`   // one a kind of service; the last is all of them
	Misses []Miss `json:"misses"` // how exactly the onset of sudden faults was known
}

// Row is what became of the trains of one kind of service.
type Row struct {
	Service    string `json:"service"`
	Trains     int    `json:"trains"`
	Bad        int    `json:"bad"`         // trains with a bad change, that had shown when something was decided
	Right      int    `json:"right"`       // it was rolled back unasked
	Asked      int    `json:"asked"`       // a person was asked, or the order was refused
	Wrong      int    `json:"wrong"`       // another change was rolled back
	Undecided  int    `json:"undecided"`   // another was rolled back, and the fault had begun late: while that one rolled out, or after the bad one's watch
	Unseen     int    `json:"unseen"`      // nothing was decided
	Clear      int    `json:"clear"`       // bad changes that are a clear step, with time to see it
	ClearRight int    `json:"clear_right"` // of them rolled back unasked
	False      int    `json:"false"`       // a change was rolled back and nothing was bad
}

// Miss is how often an onset was found late.
type Miss struct {
	Ticks float64 `json:"ticks"` // by more than so many ticks the rollout had ended before the earliest onset
	Late  int     `json:"late"`
	Of    int     `json:"of"`
}

// missTicks are the rows of Report.Misses.
var missTicks = []float64{0, 0.5, 1, 2, 5}

func reportOf(outcomes [][]Outcome, blocks int) Report {
	all := Row{Service: "all"}
	var r Report
	for _, ticks := range missTicks {
		r.Misses = append(r.Misses, Miss{Ticks: ticks})
	}
	for kind, s := range services {
		row := Row{Service: s.name}
		for _, os := range outcomes[kind*blocks : (kind+1)*blocks] {
			for _, o := range os {
				row.add(o)
				all.add(o)
				r.addMiss(o)
			}
		}
		r.Rows = append(r.Rows, row)
	}
	r.Rows = append(r.Rows, all)
	return r
}

func (r *Row) add(o Outcome) {
	r.Trains++
	if !o.Fault || o.Early {
		if o.Acted {
			r.False++
		}
		return
	}
	r.Bad++
	right := o.Acted && o.Change == o.Culprit
	if o.Clear {
		r.Clear++
		r.ClearRight += count(right)
	}
	switch {
	case right:
		r.Right++
	case o.Acted && o.Coincides:
		r.Undecided++
	case o.Acted:
		r.Wrong++
	case o.Asked:
		r.Asked++
	default:
		r.Unseen++
	}
}

func (r *Report) addMiss(o Outcome) {
	if !o.Measured {
		return
	}
	for i := range r.Misses {
		r.Misses[i].Of++
		r.Misses[i].Late += count(o.Miss > r.Misses[i].Ticks)
	}
}

func count(holds bool) int {
	if holds {
		return 1
	}
	return 0
}

// ClearShare is the share of clear steps that were rolled back unasked.
func (r Row) ClearShare() float64 { return float64(r.ClearRight) / float64(max(r.Clear, 1)) }

// String says what became of the trains in one line.
func (r Row) String() string {
	return fmt.Sprintf("%s: %d trains, %d bad: %d right, %d asked, %d wrong, %d undecided, %d unseen; %d of %d clear steps; %d false",
		r.Service, r.Trains, r.Bad, r.Right, r.Asked, r.Wrong, r.Undecided, r.Unseen, r.ClearRight, r.Clear, r.False)
}
