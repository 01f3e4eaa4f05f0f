package routing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/route"
	"github.com/pushback/pushback/rollback"
)

const latency = "cart/latency"

// withOrder is a real database with one order.
type withOrder struct {
	*store.Store
	state rollback.State // "": there is none
}

func (w *withOrder) Order(_ context.Context, key string) (rollback.Order, error) {
	if w.state == "" {
		return rollback.Order{}, fmt.Errorf("order %s: %w", key, store.ErrNotFound)
	}
	return rollback.Order{Key: key, State: w.state}, nil
}

// desk passes on messages that nobody sends.
type desk struct {
	Options
	t     *testing.T
	store *withOrder
	route *route.Route
	now   time.Time
	quiet bool
	begun []string // the messages whose sending began
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	r, err := route.New(route.Config{
		Routes: []route.Entry{
			{Match: route.Match{Severity: []string{"critical"}, Team: []string{"shop"}}, To: []string{"pager"}},
			{Match: route.Match{Severity: []string{"warning"}}, To: []string{"chat"}, Quiet: "nights"},
		},
		Otherwise: []string{"chat"},
		Escalate:  []route.Step{{After: 10 * time.Minute, To: []string{"lead"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, store: &withOrder{Store: storetest.Open(t, store.Open)}, route: r, now: time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)}
	d.Options = Options{
		Store: d.store, Now: func() time.Time { return d.now }, Open: func() map[string]bool { return map[string]bool{"nights": d.quiet} },
		Owner:   func(service string) string { return map[string]string{"cart": "shop"}[service] },
		Deliver: func(_ context.Context, rows []store.Outgoing) { d.begun = append(d.begun, rows[0].ID) },
	}
	return d
}

// say stores a message to the route, and passes it on. It reports whether it was.
func (d *desk) say(id string, m notify.Message) bool {
	d.t.Helper()
	d.now = d.now.Add(time.Minute)
	m.Key, m.Title, m.Fields = latency, id, []notify.Field{{Name: "service", Value: "cart"}}
	row := store.Messages(id, "cart", []string{"oncall"}, m, d.now)[0]
	if _, err := d.store.PutOutgoing(d.t.Context(), row); err != nil {
		d.t.Fatal(err)
	}
	return d.pass(row.ID)
}

func (d *desk) pass(id string) bool {
	d.t.Helper()
	row, err := d.store.Outgoing(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	wait, err := d.Pass(d.t.Context(), d.route, row)
	if err != nil {
		d.t.Fatal(err)
	}
	return wait == 0
}

// got is what a receiver gets, in order, with the states that are not pending.
func (d *desk) got(receiver string) string {
	d.t.Helper()
	rows, err := d.store.OutgoingOf(d.t.Context(), "cart")
	if err != nil {
		d.t.Fatal(err)
	}
	var all []string
	for _, o := range rows {
		if o.Receiver == receiver {
			all = append(all, strings.TrimSuffix(o.Message.Title+" "+o.State, " "+store.Pending))
		}
	}
	return strings.Join(all, ", ")
}

func (d *desk) want(receiver, want string) {
	d.t.Helper()
	if got := d.got(receiver); got != want {
		d.t.Errorf("%s gets %q, want %q", receiver, got, want)
	}
}

func of(s notify.Severity) notify.Message { return notify.Message{Severity: s} }

// Who was told of a thread is told to its end, and its end goes to nobody else.
func TestThreadStays(t *testing.T) {
	d := newDesk(t)
	d.say("likely", of(notify.Error))
	d.want("chat", "likely")
	d.want("pager", "")
	d.say("certain", of(notify.Critical))
	d.say("rolled back", of(notify.Error))
	d.say("well again", notify.Message{Severity: notify.Info, Resolved: true})
	d.want("chat", "likely, certain, rolled back, well again")
	d.want("pager", "certain, rolled back, well again")
	d.want("oncall", "likely routed, certain routed, rolled back routed, well again routed")

	begun := len(d.begun)
	d.pass("certain/oncall") // as another replica does, or this one after a crash
	if len(d.begun) != begun {
		t.Errorf("sent again: %v", d.begun[begun:])
	}
	d.say("over", notify.Message{Severity: notify.Info, Resolved: true})
	d.want("pager", "certain, rolled back, well again")
	d.want("chat", "likely, certain, rolled back, well again") // the route of what is not severe
}

func TestQuietHours(t *testing.T) {
	d := newDesk(t)
	d.quiet = true
	if d.say("suspect", of(notify.Warning)) || d.say("well", notify.Message{Severity: notify.Info, Resolved: true}) {
		t.Error("told in quiet hours")
	}
	d.want("chat", "")
	d.quiet = false
	if !d.pass("well/oncall") || !d.pass("suspect/oncall") {
		t.Error("not told after quiet hours")
	}
	d.want("chat", "suspect, well")
}

// What is urgent takes with it what was held before, in order; and what follows is told at once.
func TestUrgentPassesQuietHours(t *testing.T) {
	for name, urgent := range map[string]notify.Message{
		"certain": of(notify.Critical), "asks": {Severity: notify.Warning, Ask: &notify.Ask{Order: "cart"}}, "blind": {Severity: notify.Warning, Kind: "blind"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.quiet = true
			d.say("suspect", of(notify.Warning))
			if !d.say("urgent", urgent) || !d.say("later", of(notify.Warning)) || !d.pass("suspect/oncall") {
				t.Error("held")
			}
			if got := d.got("chat"); !strings.HasPrefix(got, "suspect, urgent") || !strings.HasSuffix(got, ", later") {
				t.Errorf("chat gets %s", got)
			}
		})
	}
}

// A route of quiet hours holds the messages of another thread, or of another route, no longer.
func TestQuietHoursHoldOneThread(t *testing.T) {
	d := newDesk(t)
	d.quiet = true
	d.say("suspect", of(notify.Warning))
	other := store.Messages("other", "cart", []string{"oncall"}, notify.Message{Key: "cart/errors", Severity: notify.Critical, Title: "other"}, d.now)[0]
	if _, err := d.store.PutOutgoing(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if !d.pass(other.ID) || d.pass("suspect/oncall") {
		t.Error("threads of one change are told by themselves")
	}
	d.want("chat", "other")
}

func TestEscalation(t *testing.T) {
	d := newDesk(t)
	d.store.state = rollback.Proposed
	asks := notify.Message{Severity: notify.Critical, Ask: &notify.Ask{Order: "cart"}}
	d.say("asked", asks)
	d.say("asked again", asks)
	late := "nobody has answered for 10m: asked"
	d.want("lead", late+" waiting")
	d.want("pager", "asked, asked again")
	if row := d.row("asked/pager"); row.Message.Field("unanswered") != "lead is told at 03:11 UTC" {
		t.Errorf("it says %q", row.Message.Fields)
	}
	d.say("still bad", of(notify.Critical))
	d.want("lead", late+" waiting") // who was not asked yet is told nothing

	d.due(9*time.Minute, 0, false) // asked at 03:01, and it is 03:03
	d.due(0, 0, true)
	d.due(0, 0, false)
	d.want("lead", late)
	d.say("approved", of(notify.Error))
	d.want("lead", late+", approved")
}

// Nobody is told of a question that was answered, or is gone.
func TestEscalationIsSpared(t *testing.T) {
	for _, state := range []rollback.State{rollback.Approved, rollback.Expired, ""} {
		d := newDesk(t)
		d.store.state = state
		d.say("asked", notify.Message{Severity: notify.Critical, Ask: &notify.Ask{Order: "cart"}})
		d.now = d.now.Add(time.Hour)
		d.due(0, 0, false)
		d.want("lead", "nobody has answered for 10m: asked spared")
		d.say("rolled back", of(notify.Error))
		d.want("lead", "nobody has answered for 10m: asked spared")
	}
}

// due asks whether the escalation is due, which must come after what is left of wait.
func (d *desk) due(within, wait time.Duration, pending bool) {
	d.t.Helper()
	row := d.row("escalation/cart/1/lead")
	if within > 0 {
		wait = row.Message.NotBefore.Sub(d.now)
		if wait <= 0 || wait > within {
			d.t.Fatalf("it is due in %s", wait)
		}
	} else {
		d.now = row.Message.NotBefore
	}
	got, is, err := d.Due(d.t.Context(), row)
	if err != nil || got != max(wait, 0) || is != pending {
		d.t.Errorf("due in %s, pending %t, %v; want %s, %t", got, is, err, wait, pending)
	}
}

func (d *desk) row(id string) store.Outgoing {
	d.t.Helper()
	row, err := d.store.Outgoing(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return row
}

// A message that goes on to many goes to each once.
func TestEachOnce(t *testing.T) {
	d := newDesk(t)
	d.say("likely", of(notify.Error))
	d.say("likely still", of(notify.Error))
	if got := slices.Compact(slices.Sorted(slices.Values(d.begun))); len(got) != 2 || len(d.begun) != 2 {
		t.Errorf("sent %v", d.begun)
	}
}
