package config

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/strictyaml"
)

// routing is implemented by the settings of a receiver that passes messages on to others.
type routing interface {
	ReceiversNamed() map[string]string // by the place in the settings
	WindowsNamed() map[string]string
	LongestWait() time.Duration
}

// routes checks what receivers say about others. A route may not name a route: so no message goes
// round in circles, and one look says who gets it.
func (l *loader) routes(c Config) {
	for _, name := range slices.Sorted(maps.Keys(c.Receivers)) {
		r, is := c.Receivers[name].Settings.(routing)
		if !is {
			continue
		}
		at := "receivers." + name
		for _, place := range slices.Sorted(maps.Keys(r.ReceiversNamed())) {
			l.routed(c, l.listed(at, place), r.ReceiversNamed()[place])
		}
		for place, window := range r.WindowsNamed() {
			if _, known := c.Freezes[window]; !known {
				l.wrong(at+"."+place, UnknownName, nearest(window, "freezes", c.Freezes), "there is no window %q under freezes", window)
			}
		}
		if within := c.Guards.Limits.ApproveWithin; r.LongestWait() >= within && within > 0 {
			l.wrong(at+".escalate", OutOfRange, "write a shorter after, or a longer guards.approve_within",
				"nobody would be told after %s: a question ends after %s", report.Span(r.LongestWait()), report.Span(within))
		}
	}
}

func (l *loader) routed(c Config, at, name string) {
	to, known := c.Receivers[name]
	if !known {
		l.wrong(at, UnknownName, nearest(name, "receivers", c.Receivers), "there is no receiver %q under receivers", name)
		return
	}
	if _, is := to.Settings.(routing); is {
		l.wrong(at, strictyaml.BadValue, "name its receivers instead", "%s is a route itself, and routes lead to receivers alone", name)
	}
}

// listed is the place of an entry of a list, or of the one text that stands for the list.
func (l *loader) listed(at, place string) string {
	if whole := at + "." + place; l.places.Has(whole) {
		return whole
	}
	return at + "." + place[:strings.LastIndex(place, "[")]
}
