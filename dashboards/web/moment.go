package web

import (
	"fmt"
	"time"
)

// Moment is something that happened to a change.
type Moment struct {
	At    time.Time
	After string // how long after the change began: "+2 min 10 s"
	Tone  string // good, bad, warn, busy or quiet: a class of the style sheet
	What  string
}

// Of a long timeline the first and the last moments are shown at once.
const (
	firstMoments = 3
	lastMoments  = 5
	mostMoments  = 10 // that are shown without folding any
)

// Timeline is what happened to a change. Middle is folded away.
type Timeline struct{ First, Middle, Last []Moment }

// TimelineOf folds the middle of many moments away.
func TimelineOf(all []Moment) Timeline {
	if len(all) <= mostMoments {
		return Timeline{First: all}
	}
	end := len(all) - lastMoments
	return Timeline{First: all[:firstMoments], Middle: all[firstMoments:end], Last: all[end:]}
}

// SinceBegan writes how long after the beginning of a change something was: "+2 min 10 s".
func SinceBegan(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "−", -d
	}
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%s%d s", sign, s)
	case s < 3600:
		return sign + twoUnits(s/60, "min", s%60, "s")
	case s < 86400:
		return sign + twoUnits(s/3600, "h", s%3600/60, "min")
	}
	return sign + twoUnits(s/86400, "d", s%86400/3600, "h")
}

func twoUnits(n int64, unit string, rest int64, smaller string) string {
	if rest == 0 {
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprintf("%d %s %d %s", n, unit, rest, smaller)
}
