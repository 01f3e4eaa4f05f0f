package detector

import "time"

// Kind is what the values of a signal are; it picks the tests.
type Kind string

const (
	// Counts are bad events out of all events: the count test is used, and the
	// scan of the ratio beside it where history exists.
	Counts Kind = "counts"
	// Level is one value a tick, such as a gauge, a rate or a mean: the scan is used.
	Level Kind = "level"
)

// Worse is the direction in which a signal gets worse.
type Worse string

// Either runs both directions and doubles p.
const (
	Higher Worse = "higher"
	Lower  Worse = "lower"
	Either Worse = "either"
)

// MinEffect is the smallest effect that matters to people. Both zero: any.
// Where both are set, both must be reached.
type MinEffect struct {
	Absolute float64 `json:"absolute,omitempty"` // in the signal's own unit; fractions, so 0.5 points = 0.005
	Relative float64 `json:"relative,omitempty"` // of the forecast: 0.1 = 10 %
}

// Signal is one metric of one rule, as the detector sees it.
type Signal struct {
	Name          string    `json:"name"` // "errors", "latency.mean", "latency.slow"
	Kind          Kind      `json:"kind"`
	Worse         Worse     `json:"worse"`
	Unit          string    `json:"unit,omitempty"` // "fraction", "seconds", "" — for people only
	MinEffect     MinEffect `json:"min_effect"`
	MinEvents     float64   `json:"min_events,omitempty"`     // Counts: below this many after-events, too_little_traffic
	Limit         *float64  `json:"limit,omitempty"`          // wrong whatever it was before, in the signal's unit
	ActOnLost     bool      `json:"act_on_lost,omitempty"`    // `lost: act`
	SkipUnmatched bool      `json:"skip_unmatched,omitempty"` // `if_unmatched: skip`
	Controlled    bool      `json:"controlled,omitempty"`     // readings carry a Control
	ByVersion     bool      `json:"by_version,omitempty"`     // its series are the new version's alone: it is judged while the change rolls
	Of            string    `json:"of,omitempty"`             // this is the fine horizon of that signal
	Split         float64   `json:"split,omitempty"`          // of both arms' events, the share that should be this arm's; 0: not declared
	Needed        bool      `json:"needed,omitempty"`         // without it no verdict is healthy, whatever SkipUnmatched says
	Unseen        string    `json:"unseen,omitempty"`         // why its bad events can never be seen
	Place         string    `json:"place,omitempty"`          // where its rule has it, as in rules/red.yml:7; for people only
	Part          string    `json:"part,omitempty"`           // the signal that this one is a part of: it counts against a change, and is not needed for health
}

// Learns says whether a profile of the signal is worth its history. The parts
// of a count are judged by counting alone: twenty of them would ask the store
// for twenty times the history.
func (s Signal) Learns() bool { return s.Part == "" || s.Kind != Counts }

// Thresholds are the p-values at which a signal reaches a grade.
type Thresholds struct {
	Suspect float64 `json:"suspect"`
	Likely  float64 `json:"likely"`
	Certain float64 `json:"certain"`
}

// DefaultThresholds are those of the published method.
var DefaultThresholds = Thresholds{Suspect: 0.05, Likely: 0.01, Certain: 0.002}

// Plan is how one rule judges one change: the grid and the signals.
type Plan struct {
	Rule       string        `json:"rule"`
	Tick       time.Duration `json:"tick"`           // one evaluation step
	Before     int           `json:"before"`         // w, ticks; 30 unless the rule says otherwise
	After      int           `json:"after"`          // h, ticks; the horizon the bake is cut into
	Fine       time.Duration `json:"fine,omitempty"` // tick of the fine horizon; 0: there is none
	Season     time.Duration `json:"season"`         // the longest period the signal is said to repeat in; 0: a day
	Thresholds Thresholds    `json:"thresholds"`     // zero: DefaultThresholds
	Signals    []Signal      `json:"signals"`
}

// Length is how long a change is watched: a p-value says how often a watch of this length sees as much by chance.
func (p Plan) Length() time.Duration { return time.Duration(p.After) * p.Tick }
