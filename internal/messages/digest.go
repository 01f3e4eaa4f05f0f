package messages

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

// Digest is what happened in a while, for those who read it once a day.
type Digest struct {
	Receiver string
	From, To time.Time
	Changes  []notify.Report  // that started in this time, newest first
	More     bool             // there are older ones, which are left out
	Ended    []rollback.Order // rollbacks that ended in this time, newest first
	Waiting  []rollback.Order // rollbacks that wait for a person now
	Holds    []string         // what keeps deploys from starting now, in words
}

// Nothing reports whether there is nothing to tell.
func (d Digest) Nothing() bool {
	return len(d.Changes) == 0 && len(d.Ended) == 0 && len(d.Waiting) == 0 && len(d.Holds) == 0
}

// ID names the digest: of two that replicas make for one time, one is sent.
func (d Digest) ID() string { return fmt.Sprintf("digest/%s/%d", d.Receiver, d.To.Unix()) }

// Digest composes the digest.
func (c Composer) Digest(d Digest) notify.Message {
	waiting, ended := c.orderItems(d.Waiting), c.orderItems(d.Ended)
	regressed, unjudged, watched, unwatched, healthy := c.sorted(d.Changes)
	m := notify.Message{
		Key: d.ID(), Kind: "digest", Severity: notify.Info, At: d.To, Link: c.ExternalURL,
		Title: fmt.Sprintf("%s since %s", strings.Join(counts(d, len(regressed)), ", "), d.From.UTC().Format("Mon 2 Jan 15:04 MST")),
	}
	for _, s := range []notify.Section{
		{Title: "Waits for a person", Items: waiting},
		{Title: "Rollbacks", Items: ended},
		{Title: "Regressed, not rolled back", Items: regressed},
		{Title: "Could not be judged", Items: unjudged},
		{Title: "Still being watched", Items: watched},
		{Title: "Deploys are held", Items: textItems(d.Holds)},
		{Title: "Healthy", Items: perService(healthy)},
		{Title: "Watched by no rule", Items: perService(unwatched)},
	} {
		if len(s.Items) > 0 {
			m.Sections = append(m.Sections, s)
		}
	}
	if d.More {
		m.SignalLines = []string{fmt.Sprintf("There were more changes than the newest %d, which are listed.", len(d.Changes))}
	}
	return m
}

func counts(d Digest, regressed int) (parts []string) {
	parts = []string{plural(len(d.Changes), "change")}
	if d.More {
		parts[0] = "more than " + parts[0]
	}
	done := 0
	for _, o := range d.Ended {
		if o.State == rollback.Done {
			done++
		}
	}
	if done > 0 {
		parts = append(parts, plural(done, "rollback"))
	}
	if regressed > 0 {
		parts = append(parts, fmt.Sprintf("%d regressed and not rolled back", regressed))
	}
	if n := len(d.Waiting); n > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting for a person", n))
	}
	return parts
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// orderItems name each rollback, with what became of it.
func (c Composer) orderItems(orders []rollback.Order) (items []notify.Item) {
	for _, o := range orders {
		text := fmt.Sprintf("%s %s in %s: %s", o.Change.Service, o.Change.KindAndVersion(), o.Change.Environment, OrderState(o))
		if o.Change.Actor != "" {
			text += ", pushed by " + o.Change.Actor
		}
		if o.State == rollback.Proposed {
			text += "; " + untilThen(o) + "pushback approve " + o.Key
		}
		items = append(items, notify.Item{Text: text, Link: c.Link(o.Key)})
	}
	return items
}

// untilThen says until when an order can be approved, nothing where that is not known.
func untilThen(o rollback.Order) string {
	if o.ExpiresAt.IsZero() {
		return ""
	}
	return "until " + moment(o.ExpiresAt) + ": "
}

// sorted sorts the changes by what people do about them. One that was rolled back is among the rollbacks.
func (c Composer) sorted(all []notify.Report) (regressed, unjudged, watched []notify.Item, unwatched, healthy []string) {
	for _, r := range all {
		item := notify.Item{Text: r.Title() + ": " + r.Summary(), Link: c.Link(r.Key)}
		switch {
		case len(r.Rules) == 0:
			unwatched = append(unwatched, r.Service)
		case r.RolledBack():
		case r.Verdict == notify.Regressed:
			regressed = append(regressed, item)
		case r.Verdict == notify.Healthy:
			healthy = append(healthy, r.Service)
		case r.Verdict == notify.Watching:
			watched = append(watched, item)
		default:
			unjudged = append(unjudged, item)
		}
	}
	return regressed, unjudged, watched, unwatched, healthy
}

func textItems(texts []string) (items []notify.Item) {
	for _, text := range texts {
		items = append(items, notify.Item{Text: text})
	}
	return items
}

// perService counts the changes of each service, by name.
func perService(services []string) (items []notify.Item) {
	slices.Sort(services)
	for len(services) > 0 {
		n := 1
		for n < len(services) && services[n] == services[0] {
			n++
		}
		items = append(items, notify.Item{Text: services[0] + ": " + plural(n, "change")})
		services = services[n:]
	}
	return items
}
