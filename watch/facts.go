package watch

import (
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// Facts is what is known of the change at one moment.
type Facts struct {
	Now          time.Time
	Change       sources.Change
	Superseded   bool              // a newer change of the slot succeeded
	RolledBackAt time.Time         // when our own rollback of the change was done; zero: it was not
	Verdict      *detector.Verdict // nil: there was no look
	Final        bool              // Verdict is of the whole bake
	Confounded   bool              // another change is as likely the cause of what Verdict found
}

// Reason is the reason of the watch, "" for none. A failed rollout comes
// before the reason of any signal, because it says what the numbers of all
// signals are worth; each signal keeps its own reason beside it. Another change
// is named as possible cause only of an effect that was measured and that has
// not gone by itself.
//
// See adr/0033.
func (f Facts) Reason() detector.Reason {
	switch v := f.Verdict; {
	case f.Change.Status == sources.Failed:
		return detector.FailedRollout
	case v == nil:
		return ""
	case f.Confounded && v.Grade >= detector.Suspect && v.Outcome != detector.Blind && v.Reason != detector.Transient:
		return detector.Confounded
	}
	return f.Verdict.Reason
}
