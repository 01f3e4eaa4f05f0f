package detector

import (
	"time"

	"github.com/pushback/pushback/sources"
)

// Values are measured numbers, one a tick; NaN is a missing tick. In JSON a
// missing tick is null, so that NaN is never stored.
type Values []float64

// Ticks are one signal's numbers on a grid. Value is what the scan sees: the
// level itself, or Bad/Total. Bad and Total are set for Counts alone.
type Ticks struct {
	Value Values `json:"value"`
	Bad   Values `json:"bad,omitempty"`
	Total Values `json:"total,omitempty"`

	Impossible []int `json:"impossible,omitempty"` // missing because a counter grew by more than can be true
	Incomplete []int `json:"incomplete,omitempty"` // counted by a part of the series alone, because others are gone
	Idle       []int `json:"idle,omitempty"`       // left out because the rule's only_if did not hold
	Series     int   `json:"series,omitempty"`     // how many series there were at one tick, where there should be one: values are those of the worst
}

// Supply says how the store served one signal at this look.
type Supply string

const (
	Fresh     Supply = "fresh"     // there are recent samples
	Unmatched Supply = "unmatched" // this signal's series were never seen
	Gone      Supply = "gone"      // seen before the change, not now, while the store is alive
	Ended     Supply = "ended"     // seen before the change, and gone before it
	Stale     Supply = "stale"     // nothing recent, from anyone: the store itself is behind
	Broken    Supply = "broken"    // the store could not be asked
)

// Reading is what one signal showed around the change.
type Reading struct {
	Signal         string  `json:"signal"`
	Supply         Supply  `json:"supply"`
	Fault          string  `json:"fault,omitempty"`           // the store's error, where Supply is Broken or Stale; what else the store knows is amiss, where it is not Fresh
	Query          string  `json:"query"`                     // reproduces the numbers
	Before         Ticks   `json:"before"`                    // the w ticks ahead of StartedAt, oldest first
	Between        Ticks   `json:"between,omitzero"`          // the ticks from the end of Before on in which a predecessor was live; none where Before ends at the change
	After          Ticks   `json:"after"`                     // full ticks behind FinishedAt + settle
	Running        Ticks   `json:"running"`                   // the partly filled tick, length 0 or 1
	Spread         *Spread `json:"spread,omitempty"`          // of a histogram's mean, for people
	BucketsChanged bool    `json:"buckets_changed,omitempty"` // of a slow fraction: its edges differ before and after

	// Edge is of a slow fraction whose edges differ before and after: the nearest edge that both have,
	// by which all of its numbers here were read. Zero: its own.
	Edge float64 `json:"edge,omitempty"`

	Silent  time.Duration `json:"silent,omitempty"`  // since the newest sample, where Supply is Gone or Ended
	Control *Control      `json:"control,omitempty"` // of a Controlled signal
	Rolling bool          `json:"rolling,omitempty"` // After lies between StartedAt and FinishedAt: only the limit counts
}

// Observation is everything one look saw. Two looks with equal observations
// give equal verdicts.
type Observation struct {
	At        time.Time     `json:"at"`
	StartedAt time.Time     `json:"started_at"`
	BaseAt    time.Time     `json:"base_at,omitzero"`  // where the before window ends; zero: Gap ticks ahead of From
	From      time.Time     `json:"from"`              // where the first after-tick begins
	Settled   time.Duration `json:"settled,omitempty"` // how long before From the rollout ended
	Kind      sources.Kind  `json:"kind,omitempty"`    // of the change; "" counts as a deploy
	PriorAt   time.Time     `json:"prior_at,omitzero"` // when the version before the change had settled; zero: not known
	Gap       int           `json:"gap"`               // ticks between the end of before and From
	Filled    float64       `json:"filled"`            // how much of the running tick has passed, 0…1
	Final     bool          `json:"final"`             // the bake is over: this look decides
	Fine      *Fineness     `json:"fine,omitempty"`    // of the fine horizon, where the plan has one
	Readings  []Reading     `json:"readings"`
}

// Fineness is Gap and Filled in ticks of the fine horizon.
type Fineness struct {
	Gap    int     `json:"gap"`
	Filled float64 `json:"filled"`
}
