package rollback

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Fleet is how all that is watched stands at one moment.
type Fleet struct {
	Open   int     // watches that are open
	Alarms []Alarm // watches that reached likely, open or acted upon
}

// Alarm is one watch that reached likely.
type Alarm struct {
	Service string
	At      time.Time // when it did
	Blamed  string    // key of the change that stands out as its cause; its own, where none does
}

// Trip says why so much is bad at once that no single change can be the cause:
// something beneath all of it is, and rolling everything back would make an
// outage of it. "" where nothing says so.
//
// See adr/0039.
func (l FleetLimits) Trip(f Fleet, now time.Time) string {
	var services, blamed []string
	alarms := 0
	for _, a := range f.Alarms {
		if now.Sub(a.At) > l.Within {
			continue
		}
		alarms++
		services, blamed = append(services, a.Service), append(blamed, a.Blamed)
	}
	services, blamed = distinct(services), distinct(blamed)
	tooMany := len(services) > l.Services || float64(alarms) > l.Share*float64(f.Open)
	if f.Open < l.Watches || !tooMany || len(blamed) < 2 {
		return ""
	}
	return fmt.Sprintf("%d of %d open watches, of %d services, turned bad within %s, and no single change is to blame: %s",
		alarms, f.Open, len(services), l.Within, some(services))
}

func distinct(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

// some lists the first names and counts the rest.
func some(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
