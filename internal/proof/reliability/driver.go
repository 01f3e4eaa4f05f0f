package reliability

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// sentEvent is one line of the driver's ledger: first an event before it is sent, then
// the same event with the answer.
type sentEvent struct {
	At     time.Time     `json:"at"`
	Event  sources.Event `json:"event"`
	Status int           `json:"status"` // 0: not answered
	Key    string        `json:"key,omitempty"`
}

func (w sentEvent) acknowledged() bool { return w.Status/100 == 2 }

// change is one change that the driver has reported.
type change struct {
	service, version, previous string
	group                      string // the flag that it is a step of; "" for a deploy
	hook                       string
	bad                        bool // by the script
	unclear                    bool // it began seconds after a bad one
	newer                      *change
	held                       time.Time    // when its successor's start was answered 2xx: no rollback may be sent from here …
	freed                      time.Time    // … until here, when the successor's failure was sent
	events                     []*sentEvent // in the order of their times
	key                        string
}

// lastAcknowledged is the last status that was answered 2xx; "" if none was.
func (c *change) lastAcknowledged() (s sources.Status) {
	for _, w := range c.events {
		if w.acknowledged() {
			s = w.Event.Status
		}
	}
	return s
}

// asker answers requests to the API as a daemon does.
type asker interface {
	ask(ctx context.Context, method, path string, body, into any) (status int, err error)
}

// driver is the deploy tool of one daemon, or of replicas that share a database.
type driver struct {
	name    string
	front   asker   // takes the events and answers: daemon, or a pair of replicas
	daemon  *daemon // nil where there are several
	shop    *shop
	ledger  *ledger
	chance  *rand.Rand
	mu      sync.Mutex
	changes []*change
	used    int  // number of services used so far
	flagged bool // the last bad change was a flag
	broken  []string
}

// changeAge is the reported age of a change: long enough that a bad one is found at the
// first look, and short enough that its watch goes on.
const changeAge = 6 * time.Second

// maxReportAge is the highest age of an accepted event at which its change may still
// become bad. The watch ends eleven seconds after the change.
const maxReportAge = 8 * time.Second

// service returns a service without a change so far. Its name determines the rule, and
// so the hook.
func (d *driver) service(hook string) string {
	d.used++
	return fmt.Sprintf("%s-%s-%d", hook, d.name, d.used)
}

// deploy reports a complete change. The service of a bad one becomes bad only after the
// daemon has acknowledged the event, because otherwise no change explains it.
func (d *driver) deploy(ctx context.Context, hook string, bad bool) {
	at := time.Now().Add(-changeAge)
	c := &change{service: d.service(hook), version: "v2", previous: "v1", hook: hook, bad: bad}
	d.add(c)
	d.report(ctx, c, sources.Succeeded, at)
}

// bringBad reports a bad change: a deploy and a flag in turn.
func (d *driver) bringBad(ctx context.Context, hook string) {
	if d.flagged = !d.flagged; d.flagged {
		d.turnFlag(ctx, hook)
		return
	}
	d.deploy(ctx, hook, true)
}

// overtake reports a bad change while a newer one is rolling. The order of the bad one
// must wait until the newer one ends. The suite checks nothing about the newer one,
// because which of the two is to blame is up to the rules and guards.
func (d *driver) overtake(ctx context.Context, hook string) {
	at := time.Now().Add(-changeAge)
	old := &change{service: d.service(hook), version: "v2", previous: "v1", hook: hook, bad: true}
	old.newer = &change{service: old.service, version: "v3", previous: "v2", hook: hook, unclear: true}
	d.add(old)
	d.add(old.newer)
	d.report(ctx, old.newer, sources.Started, at.Add(changeAge-time.Second))
	if old.newer.lastAcknowledged() != sources.Started {
		return // it may not be stored, and then the old one may act
	}
	old.held = time.Now()
	d.report(ctx, old, sources.Succeeded, at)
}

// finish ends rolling changes. A newer change that fails lets the older one act.
func (d *driver) finish(ctx context.Context) {
	for _, c := range d.all() {
		rolling := c.newer != nil && len(c.newer.events) == 1 && c.newer.lastAcknowledged() == sources.Started
		if !rolling || len(c.events) > 0 && c.lastAcknowledged() == "" {
			continue
		}
		status := sources.Failed
		if d.chance.IntN(2) == 0 {
			status = sources.Succeeded
			d.shop.setGood(c.service, time.Now())
		} else {
			c.freed = time.Now()
		}
		d.report(ctx, c.newer, status, time.Now())
	}
}

// decide approves the proposed rollbacks of bad changes and rejects the others, as a
// person would. Guards ask a person where two changes are seconds apart.
func (d *driver) decide(ctx context.Context) {
	var waiting api.Orders
	if _, err := d.front.ask(ctx, http.MethodGet, "/v1/orders?state=proposed", nil, &waiting); err != nil {
		return
	}
	bad := map[string]bool{}
	for _, c := range d.all() {
		bad[c.service+"/"+c.version] = c.bad
	}
	for _, o := range waiting.Orders {
		word := "reject"
		if bad[o.Change.ID] {
			word = "approve"
		}
		_, _ = d.front.ask(ctx, http.MethodPost, "/v1/orders/"+o.Key+"/"+word, api.Decision{Actor: "the person at hand"}, nil)
	}
}

func (d *driver) add(c *change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changes = append(d.changes, c)
}

func (d *driver) all() []*change {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]*change(nil), d.changes...)
}

// report sends a new event of a change.
func (d *driver) report(ctx context.Context, c *change, s sources.Status, at time.Time) {
	w := &sentEvent{Event: sources.Event{
		EventID: c.service + "/" + c.version + "/" + string(s), ChangeID: c.service + "/" + c.version, Status: s, At: at.UTC(),
		Service: c.service, Environment: "production", Kind: sources.Deploy, Version: c.version, Previous: c.previous,
	}}
	if c.group != "" {
		w.Event.Kind, w.Event.Group, w.Event.Previous = sources.Flag, c.group, ""
	}
	d.mu.Lock()
	c.events = append(c.events, w)
	d.mu.Unlock()
	d.send(ctx, c, w)
}

// send records the event, sends it, and records the answer.
func (d *driver) send(ctx context.Context, c *change, w *sentEvent) {
	w.At = time.Now()
	d.note(d.ledger.write(w))
	var a api.Accepted
	status, err := d.front.ask(ctx, http.MethodPost, "/v1/events", w.Event, &a)
	if err != nil && status/100 == 2 {
		status = 0 // a 2xx with an incomplete body: a tool sends again
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if w.acknowledged() {
		if status/100 == 2 && !a.Duplicate {
			d.broken = append(d.broken, fmt.Sprintf("%s was answered 2xx before, and the daemon does not know it now", w.Event.EventID))
		}
		return
	}
	w.Status, w.Key = status, a.Key
	if w.acknowledged() {
		c.key = a.Key
		if c.bad = c.bad && time.Since(w.Event.At) < maxReportAge; c.bad && w.Event.Status == sources.Succeeded {
			d.shop.setBad(c.service, w.Event.At)
		}
	}
	d.noteLocked(d.ledger.write(w))
}

// resend sends the events without an answer again, as a tool does, and sometimes one
// that was answered, which must be a duplicate.
func (d *driver) resend(ctx context.Context) {
	duplicate := d.chance.IntN(2) == 0
	for _, c := range d.all() {
		for _, w := range append([]*sentEvent(nil), c.events...) {
			if !w.acknowledged() || duplicate {
				duplicate = duplicate && !w.acknowledged()
				d.send(ctx, c, w)
			}
		}
	}
}

func (d *driver) note(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noteLocked(err)
}

func (d *driver) noteLocked(err error) {
	if err != nil {
		d.broken = append(d.broken, err.Error())
	}
}

// waiting reports whether the daemon knows a bad change that no newer change suspends,
// and for which no rollback was requested yet.
func (d *driver) waiting(called map[string]bool) bool {
	for _, c := range d.all() {
		if c.bad && c.newer == nil && c.lastAcknowledged() == sources.Succeeded && !called[c.key] {
			return true
		}
	}
	return false
}
