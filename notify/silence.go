package notify

import (
	"context"
	"time"
)

// Silence keeps the alerts of other tools about a service quiet while it is rolled back.
type Silence struct {
	ID          string // what the receiver calls it; "": there is none yet
	Order       string // the key of the rollback's change
	Service     string
	Environment string
	Region      string
	Comment     string // for people
	StartsAt    time.Time
	EndsAt      time.Time // when it ends although nobody ends it
}

// Silencer is a Sender whose receiver silences alerts of other tools, too. Its errors are those of a Sender.
type Silencer interface {
	Sender
	// Silences reports whether the settings want silences.
	Silences() bool
	// OpenSilences lists Pushback's silences that have not ended, of this installation or another.
	OpenSilences(ctx context.Context) ([]Silence, error)
	// PutSilence sets a silence, or another end for one that has an ID.
	PutSilence(ctx context.Context, s Silence) error
	EndSilence(ctx context.Context, id string) error
}
