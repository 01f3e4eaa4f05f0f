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

// word is one line of the driver's ledger: an event that is about to be sent,
// and afterwards what it was answered.
type word struct {
	At     time.Time     `json:"at"`
	Event  sources.Event `json:"event"`
	Status int           `json:"status"` // 0: not answered
	Key    string        `json:"key,omitempty"`
}

func (w word) acknowledged() bool { return w.Status/100 == 2 }

// change is one change as its driver knows it.
type change struct {
	service, version, previous string
	hook                       string
	bad                        bool // the script says so
	unclear                    bool // it rolled while an older one, seconds before, was bad
	newer                      *change
	held                       time.Time // when its successor's start was answered 2xx; a rollback may not be sent from here …
	freed                      time.Time // … to here, when the successor's failure was sent
	events                     []*word   // in the order of the tool's time
	key                        string
}

// told is the last status that was answered 2xx; "" where none was.
func (c *change) told() (s sources.Status) {
	for _, w := range c.events {
		if w.acknowledged() {
			s = w.Event.Status
		}
	}
	return s
}

// driver plays the deploy tool for one daemon.
type driver struct {
	name    string
	daemon  *daemon
	shop    *shop
	ledger  *ledger
	chance  *rand.Rand
	mu      sync.Mutex
	changes []*change
	used    int // services so far
	broken  []string
}

// lately is how long ago a change is said to have been made: so long that a
// bad one shows at the first look, and so short that its watch goes on.
const lately = 6 * time.Second

// soon is how old the news of a change may be for it to turn bad yet: its watch
// ends eleven seconds after it.
const soon = 8 * time.Second

// service gives a service that has had no change yet. Its name chooses the
// rule, and so the hook.
func (d *driver) service(hook string) string {
	d.used++
	return fmt.Sprintf("%s-%s-%d", hook, d.name, d.used)
}

// deploy makes a change that is through, good or bad. A bad one breaks its
// service once it is known to be known: until then nobody could tell whose
// fault it is.
func (d *driver) deploy(ctx context.Context, hook string, bad bool) {
	at := time.Now().Add(-lately)
	c := &change{service: d.service(hook), version: "v2", previous: "v1", hook: hook, bad: bad}
	d.add(c)
	d.tell(ctx, c, sources.Succeeded, at)
}

// overtake makes a bad change while a newer one rolls: its order must wait for
// how that one ends. Which of two that are seconds apart is to blame is a
// question for rules and guards, and not for this suite: it asks nothing of the newer.
func (d *driver) overtake(ctx context.Context, hook string) {
	at := time.Now().Add(-lately)
	old := &change{service: d.service(hook), version: "v2", previous: "v1", hook: hook, bad: true}
	old.newer = &change{service: old.service, version: "v3", previous: "v2", hook: hook, unclear: true}
	d.add(old)
	d.add(old.newer)
	d.tell(ctx, old.newer, sources.Started, at.Add(lately-time.Second))
	if old.newer.told() != sources.Started {
		return // not known to be on disk: the old one may still act
	}
	old.held = time.Now()
	d.tell(ctx, old, sources.Succeeded, at)
}

// finish ends what rolls: a newer change that fails lets the older one act.
func (d *driver) finish(ctx context.Context) {
	for _, c := range d.all() {
		rolling := c.newer != nil && len(c.newer.events) == 1 && c.newer.told() == sources.Started
		if !rolling || len(c.events) > 0 && c.told() == "" {
			continue
		}
		status := sources.Failed
		if d.chance.IntN(2) == 0 {
			status = sources.Succeeded
			d.shop.heals(c.service, time.Now())
		} else {
			c.freed = time.Now()
		}
		d.tell(ctx, c.newer, status, time.Now())
	}
}

// decide is a person who answers what is put to people: the guards ask one
// where two changes are seconds apart. A change that is bad goes back.
func (d *driver) decide(ctx context.Context) {
	var waiting api.Orders
	if _, err := d.daemon.ask(ctx, http.MethodGet, "/v1/orders?state=proposed", nil, &waiting); err != nil {
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
		_, _ = d.daemon.ask(ctx, http.MethodPost, "/v1/orders/"+o.Key+"/"+word, api.Decision{Actor: "the person at hand"}, nil)
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

// tell sends a new event of a change.
func (d *driver) tell(ctx context.Context, c *change, s sources.Status, at time.Time) {
	w := &word{Event: sources.Event{
		EventID: c.service + "/" + c.version + "/" + string(s), ChangeID: c.service + "/" + c.version, Status: s, At: at.UTC(),
		Service: c.service, Environment: "production", Kind: sources.Deploy, Version: c.version, Previous: c.previous,
	}}
	d.mu.Lock()
	c.events = append(c.events, w)
	d.mu.Unlock()
	d.send(ctx, c, w)
}

// send writes the event down, sends it, and writes down the answer.
func (d *driver) send(ctx context.Context, c *change, w *word) {
	w.At = time.Now()
	d.note(d.ledger.write(w))
	var a api.Accepted
	status, err := d.daemon.ask(ctx, http.MethodPost, "/v1/events", w.Event, &a)
	if err != nil && status/100 == 2 {
		status = 0 // a 2xx whose body was cut off: the tool will send again
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if w.acknowledged() {
		if status/100 == 2 && !a.Duplicate {
			d.broken = append(d.broken, fmt.Sprintf("%s was answered 2xx before, and is news to the daemon now", w.Event.EventID))
		}
		return
	}
	w.Status, w.Key = status, a.Key
	if w.acknowledged() {
		c.key = a.Key
		if c.bad = c.bad && time.Since(w.Event.At) < soon; c.bad && w.Event.Status == sources.Succeeded {
			d.shop.breaks(c.service, w.Event.At)
		}
	}
	d.noteLocked(d.ledger.write(w))
}

// again sends what was not answered, as a tool would, and one event that was:
// it must be a duplicate.
func (d *driver) again(ctx context.Context) {
	duplicate := d.chance.IntN(2) == 0
	for _, c := range d.all() {
		for _, w := range append([]*word(nil), c.events...) {
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

// waiting says whether a bad change is known to the daemon that nothing holds,
// and that no rollback was asked for yet.
func (d *driver) waiting(called map[string]bool) bool {
	for _, c := range d.all() {
		if c.bad && c.newer == nil && c.told() == sources.Succeeded && !called[c.key] {
			return true
		}
	}
	return false
}
