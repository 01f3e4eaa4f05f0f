package rollback

import "time"

// Limits are the numbers the guards go by. Operators set them in pushback.yml,
// within bounds that config checks; no rule can. A zero Limits permits nothing
// that is measured in time: DefaultLimits is where to begin.
type Limits struct {
	RollbacksPer time.Duration `json:"rollbacks_per"`     // one automatic rollback a service, environment and region in this long
	MaxAge       time.Duration `json:"max_age"`           // how long after its end a change may be rolled back
	Approval     time.Duration `json:"approve_within"`    // how long a proposed rollback waits for a person
	Around       time.Duration `json:"confounded_within"` // how long before a change another one may have been through, and still be suspected in its stead
	StandsOut    float64       `json:"stands_out"`        // how many times likelier than every other suspect a change must be, to be rolled back unasked
	Fleet        FleetLimits   `json:"fleet"`
}

// FleetLimits say when so much is bad at once that no single change can be
// what is wrong.
type FleetLimits struct {
	Watches  int           `json:"watches"`  // below this many open watches nothing is concluded
	Services int           `json:"services"` // more services than this at likely within Within …
	Share    float64       `json:"share"`    // … or more than this share of the open watches
	Within   time.Duration `json:"within"`   // how far back it is counted
	Hold     time.Duration `json:"hold"`     // how long all automatic rollbacks are held, unless a person releases them sooner
}

// DefaultLimits are those of an installation that sets none.
func DefaultLimits() Limits {
	return Limits{
		RollbacksPer: 6 * time.Hour, MaxAge: 2 * time.Hour, Approval: time.Hour,
		Around: 30 * time.Minute, StandsOut: 2,
		Fleet: FleetLimits{Watches: 20, Services: 3, Share: 0.2, Within: 10 * time.Minute, Hold: 2 * time.Hour},
	}
}
