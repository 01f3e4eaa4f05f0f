package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/situation"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// Store is what the gate needs of the state database.
type Store interface {
	Holds(ctx context.Context, now time.Time) ([]store.Hold, error)
	SetHold(ctx context.Context, h store.Hold, told func(store.Hold) []store.Outgoing) (store.Hold, bool, error)
	ReleaseHold(ctx context.Context, h store.Hold, actor string, now time.Time, told ...store.Outgoing) (bool, error)
	Change(ctx context.Context, key string) (store.Change, error)
	Changes(ctx context.Context, f store.ChangeFilter) ([]store.Change, error)
	ClearChange(ctx context.Context, key, actor, why string, now time.Time) (bool, error)
	Journal(ctx context.Context, changeKey string) ([]store.Entry, error)
	PutOutgoing(ctx context.Context, o store.Outgoing) (created bool, err error)
	OutgoingOf(ctx context.Context, changeKey string) ([]store.Outgoing, error)
	NoteIncident(ctx context.Context, i store.Incident) (store.Incident, error)
	RemoveIncident(ctx context.Context, id, actor string, now time.Time) (store.Incident, error)
	EndIncident(ctx context.Context, id, actor string, end, now time.Time) (store.Incident, error)
	Append(ctx context.Context, e store.Entry) error
}

// Catalogue resolves aliases of services, and knows who is told where nobody else is.
type Catalogue interface {
	Canonical(name string) string
	DefaultReceiver() string
}

// Options are what a gate works with. All but FreezeFile are required.
type Options struct {
	Store     Store
	Catalogue Catalogue
	Situation *situation.Reader
	Text      messages.Composer
	Deliver   func(ctx context.Context, rows []store.Outgoing) // sends messages that are stored
	Changed   func(changeKey string)                           // publishes that a change moved, or a page: "/holds"
	Incidents func()                                           // has outdated profiles learned again
	Now       func() time.Time

	FreezeFile string                          // "": nobody can freeze
	NoteFreeze func(ctx context.Context) error // writes into the journal what was done to the freeze file
	Window     func(now time.Time) string      // the freeze window that holds; "" for none
	Log        *slog.Logger
}

// Keeper answers deploy tools, and keeps holds and incidents.
type Keeper struct{ o Options }

// New returns a keeper. It reads nothing.
func New(o Options) *Keeper { return &Keeper{o} }

// The pages that show holds and incidents.
const (
	holdsPage     = "/holds"
	incidentsPage = "/incidents"
)

// maxChanges is how many of a service's newest changes the gate reads.
const maxChanges = 200

// Gate answers a deploy tool that asks before it deploys. The gate is closed while a
// hold is set, or while the live change of the service is bad. A fix passes the bad
// changes that it names, and the journal records that it did.
func (k *Keeper) Gate(ctx context.Context, service, environment string, fixes []string) (rollback.Gate, error) {
	service = k.o.Catalogue.Canonical(service)
	holds, err := k.o.Store.Holds(ctx, k.o.Now())
	if err != nil {
		return rollback.Gate{}, fmt.Errorf("reading holds: %w", err)
	}
	var obstacles []rollback.Obstacle
	for _, h := range holds {
		if h.Covers(service, environment) {
			obstacles = append(obstacles, obstacleOf(h))
		}
	}
	bad, err := k.badChanges(ctx, service, environment)
	if err != nil {
		return rollback.Gate{}, err
	}
	g := rollback.DecideGate(append(obstacles, bad...), fixes)
	if g.Open && g.Reason != "" {
		err = k.notePassed(ctx, service, environment, fixes, g)
	}
	return g, err
}

func obstacleOf(h store.Hold) rollback.Obstacle {
	why := fmt.Sprintf("held by %s since %s: %s", h.Actor, clockOf(h.At), h.Why)
	return rollback.Obstacle{Why: why, Hold: h.ID, Actor: h.Actor, Since: h.At, Until: h.Until}
}

func clockOf(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// badChanges returns the changes of a service that close the gate: in each slot the
// newest one that succeeded and was no rollback, where it was judged bad by a
// rule that may do more than observe. Our rollback takes it out of production
// and not out of the repository: what is pushed next would bring it back. It
// stops standing in the way when a newer change succeeded, when the rollback
// did not help, or when a person says so.
func (k *Keeper) badChanges(ctx context.Context, service, environment string) ([]rollback.Obstacle, error) {
	changes, err := k.o.Store.Changes(ctx, store.ChangeFilter{Service: service, Environment: environment, Limit: maxChanges})
	if err != nil {
		return nil, fmt.Errorf("reading changes: %w", err)
	}
	var bad []rollback.Obstacle
	decided := map[sources.Slot]bool{}
	for _, c := range changes {
		if decided[c.Slot()] || c.Status != sources.Succeeded {
			continue
		}
		isRollback, err := k.o.Situation.IsRollback(ctx, c)
		if err != nil {
			return nil, err
		}
		if isRollback {
			continue
		}
		decided[c.Slot()] = true
		o, err := k.o.Situation.Order(ctx, c.Key)
		if err != nil {
			return nil, err
		}
		if o != nil && countsAsBad(c, o.State) && !outOfTheWay(c, *o) {
			bad = append(bad, rollback.Obstacle{Why: badBecause(*o), Change: c.Key, Since: o.CreatedAt})
		}
	}
	return bad, nil
}

// countsAsBad reports whether a change with an order still counts as bad. An order
// exists where a rule that may ask or act was certain. A person who rejected the order
// said that the rule was wrong.
func countsAsBad(c store.Change, s rollback.State) bool {
	return s != rollback.Cancelled && c.Standing != store.Good && c.Standing != store.Cleared
}

// outOfTheWay reports whether a change was undone for good. The next deploy brings code
// and its configuration back from the repository, but no flag that was turned back.
func outOfTheWay(c store.Change, o rollback.Order) bool {
	flag := c.Kind == sources.Flag || c.Kind == sources.Experiment
	refuted := o.Verification != nil && o.Verification.State == rollback.TargetNotRunning
	return flag && o.State == rollback.Done && !refuted
}

func badBecause(o rollback.Order) string {
	return fmt.Sprintf("%s %s (%s) was judged bad at %s: %s", o.Change.Service, o.Change.KindAndVersion(), o.Key[:8], clockOf(o.CreatedAt), messages.OrderState(o))
}

func (k *Keeper) notePassed(ctx context.Context, service, environment string, fixes []string, g rollback.Gate) error {
	detail, err := json.Marshal(map[string]any{"service": service, "environment": environment, "fixes": fixes, "passed": g.Obstacles})
	if err != nil {
		return fmt.Errorf("recording who passed the gate: %w", err)
	}
	return k.o.Store.Append(ctx, store.Entry{At: k.o.Now(), ChangeKey: g.Obstacles[0].Change, Actor: "gate", Action: "pass", Detail: detail})
}

// Hold closes the gate of a service, or of all, in a person's name. A service that is
// held already keeps its hold, and set is false.
func (k *Keeper) Hold(ctx context.Context, h store.Hold) (store.Hold, bool, error) {
	h.Kind, h.At = store.GateHold, k.o.Now()
	h.Service = k.o.Catalogue.Canonical(h.Service)
	held, set, err := k.o.Store.SetHold(ctx, h, func(store.Hold) []store.Outgoing { return nil })
	if set {
		k.o.Changed(holdsPage)
	}
	return held, set, err
}

// Release ends a hold in a person's name. Its error wraps store.ErrNotFound where no
// hold of that id is in force.
func (k *Keeper) Release(ctx context.Context, id, actor string) (store.Hold, error) {
	now := k.o.Now()
	holds, err := k.o.Store.Holds(ctx, now)
	if err != nil {
		return store.Hold{}, err
	}
	for _, h := range holds {
		if h.ID == id {
			return h, k.release(ctx, h, actor, now)
		}
	}
	return store.Hold{}, fmt.Errorf("hold %s: %w", id, store.ErrNotFound)
}

// release ends a hold, and notifies whoever was notified of it.
func (k *Keeper) release(ctx context.Context, h store.Hold, actor string, now time.Time) error {
	f := messages.FleetHold{ID: h.ID, Why: h.Why, At: h.At, Until: h.Until}
	notified, err := k.o.Store.OutgoingOf(ctx, f.Thread())
	if err != nil {
		return fmt.Errorf("reading who was notified of the hold: %w", err)
	}
	rows := store.Messages(f.Thread()+"/released", f.Thread(), store.ReceiversSince(notified, h.At), k.o.Text.FleetReleased(f, actor, now), now)
	released, err := k.o.Store.ReleaseHold(ctx, h, actor, now, rows...)
	if err != nil {
		return err
	}
	if !released {
		return fmt.Errorf("hold %s: %w", h.ID, store.ErrConflict)
	}
	k.o.Deliver(ctx, rows)
	k.o.Changed(holdsPage)
	return nil
}

// Clear says, in a person's name, that a change is not bad, so that it no longer closes
// the gate. Its error wraps store.ErrConflict where the change was not marked bad.
func (k *Keeper) Clear(ctx context.Context, key, actor, why string) error {
	c, err := k.o.Store.Change(ctx, key)
	if err != nil {
		return fmt.Errorf("change %s: %w", key, err)
	}
	o, err := k.o.Situation.Order(ctx, key)
	if err != nil {
		return err
	}
	if c.Standing != store.Bad && (o == nil || !countsAsBad(c, o.State)) {
		return fmt.Errorf("%s %s is not marked bad: %w", c.Service, c.What(), store.ErrConflict)
	}
	if _, err := k.o.Store.ClearChange(ctx, key, actor, why, k.o.Now()); err != nil {
		return err
	}
	k.o.Changed(key)
	return nil
}

// NoteIncident keeps a stretch of time out of what profiles are learned from, in a
// person's name, and has the profiles that cover it learned again.
func (k *Keeper) NoteIncident(ctx context.Context, i store.Incident) (store.Incident, error) {
	i.Service, i.At = k.o.Catalogue.Canonical(i.Service), k.o.Now()
	noted, err := k.o.Store.NoteIncident(ctx, i)
	if err == nil {
		k.incidentsChanged()
	}
	return noted, err
}

// EndIncident ends an incident that goes on, in a person's name. Its error wraps store.ErrNotFound where there is
// none of that id, and store.ErrConflict where it has ended.
func (k *Keeper) EndIncident(ctx context.Context, id, actor string, end time.Time) (store.Incident, error) {
	i, err := k.o.Store.EndIncident(ctx, id, actor, end, k.o.Now())
	if err == nil {
		k.incidentsChanged()
	}
	return i, err
}

func (k *Keeper) incidentsChanged() {
	k.o.Incidents()
	k.o.Changed(incidentsPage)
}

// RemoveIncident takes an incident back, in a person's name. Its error wraps
// store.ErrNotFound where there is none of that id.
func (k *Keeper) RemoveIncident(ctx context.Context, id, actor string) (store.Incident, error) {
	i, err := k.o.Store.RemoveIncident(ctx, id, actor, k.o.Now())
	if err == nil {
		k.incidentsChanged()
	}
	return i, err
}
