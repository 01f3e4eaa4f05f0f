package detector

import (
	"fmt"
	"time"
)

// historyNote says how much history there is and what follows from its shortness.
func (t *trial) historyNote(consequence string) string {
	span := time.Duration(t.profile.Ticks) * t.profile.Tick
	switch {
	case t.reading.Edge != 0:
		return "What this signal does by itself is known at its own bucket edge alone; " + consequence + "."
	case t.profile.End.IsZero():
		return "What this signal does by itself has not been learned yet; " + consequence + "."
	case span <= 0:
		return "There is no history; " + consequence + "."
	}
	if span >= MinHistory {
		return "The history cannot be used for this change's ticks; " + consequence + "."
	}
	return fmt.Sprintf("The history covers %s; %s.", spanWords(span), consequence)
}

// staleNote says how old a profile is that ended more than a day before the change. A newer
// one is being learned, and no look waits for it.
func (t *trial) staleNote() {
	if age := t.baseEnd().Sub(t.profile.End); !t.profile.End.IsZero() && age > day {
		t.note(fmt.Sprintf("What this signal does by itself was learned %s before the change.", spanWords(age)))
	}
}

// spanWords writes a duration as people say it: 40 min, 5 h 20 min.
func spanWords(d time.Duration) string {
	minutes := int(d.Minutes())
	switch {
	case minutes < 1:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes%60 == 0:
		return fmt.Sprintf("%d h", minutes/60)
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}

func tooFewEvents(events, needed float64) string {
	return fmt.Sprintf("Only %.0f events were seen after the change; %.0f are needed.", events, max(needed, 1))
}

func fewBadEvents(y Tally) string {
	return fmt.Sprintf("Only %.0f bad events stand behind this, %.0f of them after the change.", y.BadBefore+y.BadAfter, y.BadAfter)
}
