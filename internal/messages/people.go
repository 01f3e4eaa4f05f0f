package messages

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// mentioning are the kinds of receivers that mention people. The other names of somebody, as the
// address, are not put into messages that go to all receivers.
var mentioning = []string{"irc", "msteams", "slack"}

// maxConcerned bounds how many people one message names. Senders name fewer.
const maxConcerned = 20

// concerned are the actor and the riders of a change, each once, and those first whom the section people
// knows: only they have handles, so that a name from outside is never a mention by itself.
func (c Composer) concerned(ch sources.Change) []notify.Person {
	var known, others []notify.Person
	for _, name := range append([]string{ch.Actor}, ch.Riders...) {
		p, is := c.People.Called(name)
		switch {
		case strings.TrimSpace(name) == "":
		case is:
			known = appendPerson(known, notify.Person{Name: p.Name, Handles: mentionable(p.Handles())})
		default:
			others = appendPerson(others, notify.Person{Name: name})
		}
	}
	all := append(known, others...)
	return all[:min(len(all), maxConcerned)]
}

func appendPerson(all []notify.Person, p notify.Person) []notify.Person {
	if slices.ContainsFunc(all, func(one notify.Person) bool { return one.Name == p.Name }) {
		return all
	}
	return append(all, p)
}

func mentionable(handles map[string]string) map[string]string {
	some := map[string]string{}
	for _, kind := range mentioning {
		if handle := handles[kind]; handle != "" {
			some[kind] = handle
		}
	}
	return some
}

// Asked is what an order asks people, nil while it asks nothing: senders then take the buttons and commands
// of an earlier message away.
func Asked(o rollback.Order) *notify.Ask {
	if o.State != rollback.Proposed {
		return nil
	}
	return &notify.Ask{Order: o.Key, Target: o.Target, ExpiresAt: o.ExpiresAt}
}

// AskedBeside is what the message of a verdict asks: by the order that its look makes, or by the one that the
// change has already, which counts. Only the thread of the order's own rule asks: it alone gets the outcome,
// and another one would ask for ever.
func AskedBeside(earlier, made *rollback.Order, rule string) *notify.Ask {
	o := cmp.Or(earlier, made)
	if o == nil || o.Rule != rule {
		return nil
	}
	return Asked(*o)
}
