package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/verdict"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

const (
	shown     = 5   // of each kind, in one answer
	maxOpen   = 100 // open changes and orders that are counted
	maxSought = 500 // newest changes among which somebody's are looked for
)

// now is what goes on.
type now struct {
	watched []verdict.Change
	orders  []rollback.Order
	holds   []store.Hold
	frozen  bool
	why     string
}

var openStates = []rollback.State{rollback.Proposed, rollback.Approved, rollback.Decided, rollback.Sending}

func (a *Answerer) read(ctx context.Context) (n now, err error) {
	open, err := a.o.Store.OpenChanges(ctx, store.ChangeFilter{Limit: maxOpen})
	if err != nil {
		return n, err
	}
	if n.watched, err = a.folded(ctx, open); err != nil {
		return n, err
	}
	n.orders, err = a.o.Store.Orders(ctx, openStates, maxOpen)
	if err != nil {
		return n, err
	}
	n.frozen, n.why = a.o.Frozen()
	n.holds, err = a.o.Store.Holds(ctx, a.o.Now())
	return n, err
}

// folded returns changes with what their watches come to.
func (a *Answerer) folded(ctx context.Context, changes []store.Change) ([]verdict.Change, error) {
	keys := make([]string, len(changes))
	for i, c := range changes {
		keys[i] = c.Key
	}
	watches, err := a.o.Store.WatchesOfEach(ctx, keys)
	if err != nil {
		return nil, err
	}
	all := make([]verdict.Change, len(changes))
	for i, c := range changes {
		all[i] = verdict.Of(c, watches[c.Key])
	}
	return all, nil
}

func (a *Answerer) status(ctx context.Context, _ caller, _ []string) string {
	n, err := a.read(ctx)
	if err != nil {
		return a.failed("status", err)
	}
	var lines []string
	if n.frozen {
		lines = append(lines, "Acting is frozen: "+n.why)
	}
	lines = append(lines, orderLines(n.orders)...)
	lines = append(lines, holdLines(n.holds)...)
	if len(n.watched) == 0 {
		return strings.Join(append(lines, "Nothing is watched now."), "\n")
	}
	var names []string
	for _, c := range n.watched[:min(shown, len(n.watched))] {
		names = append(names, watchedName(c))
	}
	line := fmt.Sprintf("Watched: %s", strings.Join(names, "; "))
	if more := len(n.watched) - shown; more > 0 {
		line += fmt.Sprintf("; and %s more", atMost(more, len(n.watched)))
	}
	return strings.Join(append(lines, line), "\n")
}

// atMost is a count, of which only the first maxOpen are known.
func atMost(n, all int) string {
	if all >= maxOpen {
		return fmt.Sprintf("at least %d", n)
	}
	return fmt.Sprint(n)
}

func watchedName(c verdict.Change) string {
	if c.Grade > detector.None {
		return fmt.Sprintf("%s (%s regression)", named(c.Change.Change), c.Grade)
	}
	return named(c.Change.Change)
}

func orderLines(orders []rollback.Order) (lines []string) {
	for _, o := range orders[:min(shown, len(orders))] {
		line := fmt.Sprintf("%s: %s", named(o.Change), messages.OrderState(o))
		if o.State == rollback.Proposed {
			code := o.Key[:min(codeLength, len(o.Key))]
			line += fmt.Sprintf(" until %s: !approve %s or !reject %s", o.ExpiresAt.UTC().Format("15:04 MST"), code, code)
		}
		lines = append(lines, line)
	}
	if more := len(orders) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("… and %s more rollbacks under way", atMost(more, len(orders))))
	}
	return lines
}

func holdLines(holds []store.Hold) (lines []string) {
	for _, h := range holds[:min(shown, len(holds))] {
		lines = append(lines, fmt.Sprintf("Held: %s by %s: %s (%s)", heldWhat(h), h.Actor, h.Why, h.ID))
	}
	if more := len(holds) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("… and %d more holds", more))
	}
	return lines
}

func heldWhat(h store.Hold) string {
	what := h.Service
	if what == "" {
		what = "every service"
	}
	if h.Kind == store.FleetHold {
		what = "automatic rollbacks of " + what
	}
	if h.Environment != "" {
		what += " in " + h.Environment
	}
	return what
}

// Topic is what goes on in one short line, as "cart v2 watched · frozen · 2 wait".
func (a *Answerer) Topic(ctx context.Context) (string, error) {
	n, err := a.read(ctx)
	if err != nil {
		return "", err
	}
	var parts []string
	switch watched := len(n.watched); {
	case watched == 1:
		c := n.watched[0]
		parts = append(parts, strings.TrimSpace(c.Service+" "+c.What())+" watched")
	case watched > 1:
		parts = append(parts, atMost(watched, watched)+" watched")
	}
	if n.frozen {
		parts = append(parts, "frozen")
	}
	wait := count(n.orders, rollback.Proposed)
	if under := len(n.orders) - wait; under > 0 {
		parts = append(parts, fmt.Sprintf("%d rolling back", under))
	}
	if wait > 0 {
		parts = append(parts, fmt.Sprintf("%d wait", wait))
	}
	if len(n.holds) > 0 {
		parts = append(parts, fmt.Sprintf("%d held", len(n.holds)))
	}
	if len(parts) == 0 {
		return "nothing is watched", nil
	}
	return strings.Join(parts, " · "), nil
}

func count(orders []rollback.Order, state rollback.State) (n int) {
	for _, o := range orders {
		if o.State == state {
			n++
		}
	}
	return n
}

// mine says how somebody's newest changes did: the caller's, or those of a name.
func (a *Answerer) mine(ctx context.Context, by caller, args []string) string {
	names := namesOf(by)
	if len(args) > 0 {
		names = []string{strings.Join(args, " ")}
		if p, known := a.o.People.Called(names[0]); known {
			names = namesOf(caller{person: p, known: true})
		}
	}
	if len(names) == 0 {
		return "Who are you? Write !mine NAME."
	}
	found, err := a.o.Store.Changes(ctx, store.ChangeFilter{Limit: maxSought})
	if err != nil {
		return a.failed("mine", err)
	}
	theirs := slices.DeleteFunc(found, func(c store.Change) bool { return !c.By(names) })
	if len(theirs) == 0 {
		return fmt.Sprintf("None of the newest %d changes is by %s.", maxSought, strings.Join(names, ", "))
	}
	return a.fates(ctx, theirs)
}

// fates says in a line each what has become of changes.
func (a *Answerer) fates(ctx context.Context, changes []store.Change) string {
	all, err := a.folded(ctx, changes[:min(shown, len(changes))])
	if err != nil {
		return a.failed("mine", err)
	}
	var lines []string
	for _, c := range all {
		fate := c.State
		o, err := a.o.Store.Order(ctx, c.Key)
		switch {
		case err == nil:
			fate += ", " + messages.OrderState(o)
		case !errors.Is(err, store.ErrNotFound):
			return a.failed("mine", err)
		}
		lines = append(lines, fmt.Sprintf("%s: %s (%s)", named(c.Change.Change), fate, c.StartedAt.UTC().Format("2 Jan 15:04 MST")))
	}
	return strings.Join(lines, "\n")
}

// namesOf are the names under which deploy tools may know somebody.
func namesOf(by caller) (names []string) {
	if by.known {
		names = append(names, by.person.Name)
		handles := by.person.Handles()
		for _, kind := range []string{"email", "github", "gitlab"} {
			if handles[kind] != "" {
				names = append(names, handles[kind])
			}
		}
		return names
	}
	for _, one := range []string{by.ID, by.Name} {
		if one != "" && !slices.Contains(names, one) {
			names = append(names, sources.OneLine(one, sources.MaxName))
		}
	}
	return names
}
