package changes

import (
	"cmp"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
)

// Identify fills what a sender may leave out of an event. The identifiers are made of the event's
// own fields and not at random, so that a sender's retry is a duplicate.
func (s Scope) Identify(e sources.Event) sources.Event {
	return s.IdentifyBy(e, e.At.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano))
}

// IdentifyBy is Identify where something else than the time tells one change of a version from
// another, such as a hash of what was sent.
func (s Scope) IdentifyBy(e sources.Event, which string) sources.Event {
	e.Kind = cmp.Or(e.Kind, s.Kind)
	e = e.WithDefaults()
	e.Status = cmp.Or(e.Status, sources.Succeeded)
	slot := strings.Join([]string{e.Service, e.Environment, e.Region, string(e.Kind)}, "/")
	if group := e.Slot().Group; group != "" {
		slot += "/" + group
	}
	change := e.Version + "/" + which
	e.EventID = cmp.Or(e.EventID, slot+"/"+cmp.Or(e.ChangeID, change)+":"+string(e.Status))
	e.ChangeID = cmp.Or(e.ChangeID, slot+"/"+change)
	return e
}
