package api

import (
	"time"

	"github.com/pushback/pushback/detector"
)

// Watched are the changes that are being watched, those that are suspected first, and then
// the newest first.
type Watched struct {
	Changes []WatchedChange `json:"changes"`
	More    bool            `json:"more,omitempty" doc:"There are more than these; ask for them with limit"`
	Now     time.Time       `json:"now" doc:"The daemon's time, to count what is left until until"`
}

// WatchedChange is a change with what a live view shows of it.
type WatchedChange struct {
	ChangeSummary
	Until   time.Time       `json:"until,omitzero" doc:"When the bake of its last watch is over; absent while that is not known, because it still rolls out"`
	Signals []WatchedSignal `json:"signals"`
}

// WatchedSignal is a signal at the newest look of one of the watches.
type WatchedSignal struct {
	Rule     string            `json:"rule"`
	State    string            `json:"state" enum:"waiting,watching,healthy,regressed,inconclusive,blind,superseded" doc:"Of its watch"`
	Recovery bool              `json:"recovery,omitempty" doc:"Of the watch after a rollback"`
	At       time.Time         `json:"at" doc:"When was looked"`
	Tick     time.Duration     `json:"tick" doc:"In nanoseconds: how long a tick of before and after is"`
	Before   detector.Values   `json:"before" doc:"The ticks before the change, at most the last 120; null is a missing tick"`
	After    detector.Values   `json:"after" doc:"The ticks since the change, at most the last 120; the last may still be running"`
	Evidence detector.Evidence `json:"evidence"`
}
