package rollback

import "time"

// Limits are the numbers that guards compare with. Operators set them in
// pushback.yml, within bounds that package config checks. Rules cannot set them.
// With the zero Limits every change is too old; use DefaultLimits.
type Limits struct {
	Cooldown         time.Duration `json:"rollbacks_per"`     // least time between two automatic rollbacks of one service, environment and region
	MaxAge           time.Duration `json:"max_age"`           // how long after the end of its rollout a change may be rolled back
	ApproveWithin    time.Duration `json:"approve_within"`    // how long a proposed order waits for a person
	ConfoundedWithin time.Duration `json:"confounded_within"` // how long before a change another one may have ended and still be a suspect
	StandsOut        float64       `json:"stands_out"`        // ratio of scores by which a change must exceed every other suspect to be rolled back without approval
	Fleet            FleetLimits   `json:"fleet"`
}

// FleetLimits say when so many watches are bad at once that no single change can
// be the cause.
type FleetLimits struct {
	Watches  int           `json:"watches"`  // with fewer open watches nothing is held
	Services int           `json:"services"` // held if more services than this reach the grade likely within Within …
	Share    float64       `json:"share"`    // … or more than this share of the open watches does
	Within   time.Duration `json:"within"`   // how far back alarms count
	Hold     time.Duration `json:"hold"`     // how long all automatic rollbacks are held, unless a person releases the hold sooner
}

// DefaultLimits are the limits of an installation that configures none.
func DefaultLimits() Limits {
	return Limits{
		Cooldown: 6 * time.Hour, MaxAge: 2 * time.Hour, ApproveWithin: time.Hour,
		ConfoundedWithin: 30 * time.Minute, StandsOut: 2,
		Fleet: FleetLimits{Watches: 20, Services: 3, Share: 0.2, Within: 10 * time.Minute, Hold: 2 * time.Hour},
	}
}
