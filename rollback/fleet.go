package rollback

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Fleet is the state of all watches at one time.
type Fleet struct {
	Open   int     // number of open watches
	Alarms []Alarm // watches that reached the grade likely and are open, or led to a rollback
}

// Alarm is one watch that reached the grade likely.
type Alarm struct {
	Service string
	At      time.Time // when it reached likely
	Cause   string    // key of the change that stands out as the cause; the watched change if none does
}

// HoldReason returns why all automatic rollbacks must be held, "" if they need
// not be. They are held while so many watches are bad at once that no single
// change can be the cause. Something that all services share is then the likely
// cause, and rolling every change back would add an outage.
//
// See adr/0039.
func (l FleetLimits) HoldReason(f Fleet, now time.Time) string {
	var services, causes []string
	alarms := 0
	for _, a := range f.Alarms {
		if now.Sub(a.At) > l.Within {
			continue
		}
		alarms++
		services, causes = append(services, a.Service), append(causes, a.Cause)
	}
	services, causes = sortUnique(services), sortUnique(causes)
	tooMany := len(services) > l.Services || float64(alarms) > l.Share*float64(f.Open)
	if f.Open < l.Watches || !tooMany || len(causes) < 2 {
		return ""
	}
	return fmt.Sprintf("%d of %d open watches, of %d services, turned bad within %s, and no single change can be the cause: %s",
		alarms, f.Open, len(services), l.Within, listNames(services))
}

// sortUnique sorts words in place and returns them without repetitions.
func sortUnique(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

// listNames lists the first names and counts the rest.
func listNames(names []string) string {
	const maxListed = 8
	if len(names) <= maxListed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
}
