package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

const (
	shortest   = 6  // characters of a code
	codeLength = 10 // characters of the codes that are shown
)

func (a *Answerer) approve(ctx context.Context, by caller, args []string) string {
	return a.decide(ctx, by, args, "approve", a.o.Engine.Approve, "approved. The guards are asked next; another message says whether they let it go on.")
}

func (a *Answerer) reject(ctx context.Context, by caller, args []string) string {
	return a.decide(ctx, by, args, "reject", a.o.Engine.Reject, "rejected. Nothing is rolled back.")
}

// decide approves or rejects the order of a code.
func (a *Answerer) decide(ctx context.Context, by caller, args []string, name string, do func(ctx context.Context, key, actor, why string) error, done string) string {
	if len(args) == 0 {
		return fmt.Sprintf("Which one? Write !%s CODE, with the code from the message.", name)
	}
	o, why := a.findOrder(ctx, args[0])
	if why != "" {
		return why
	}
	if why := a.notOurs(by, o.Change.Service); why != "" {
		return why
	}
	err := do(ctx, o.Key, by.actor(), sources.OneLine(strings.Join(args[1:], " "), sources.MaxText))
	switch {
	case errors.Is(err, store.ErrConflict):
		return a.decidedBefore(ctx, o)
	case err != nil:
		return a.failed(name, err)
	}
	return fmt.Sprintf("%s: rollback%s %s", named(o.Change), to(o), done)
}

// findOrder returns the order of a code, or why there is none.
func (a *Answerer) findOrder(ctx context.Context, code string) (rollback.Order, string) {
	changes, why := a.withCode(ctx, code)
	if why != "" {
		return rollback.Order{}, why
	}
	var found []rollback.Order
	for _, c := range changes {
		o, err := a.o.Store.Order(ctx, c.Key)
		if err == nil {
			found = append(found, o)
		} else if !errors.Is(err, store.ErrNotFound) {
			return rollback.Order{}, a.failed("find an order", err)
		}
	}
	switch len(found) {
	case 0:
		return rollback.Order{}, fmt.Sprintf("There is no rollback with the code %s.", code)
	case 1:
		return found[0], ""
	}
	return rollback.Order{}, fmt.Sprintf("%d rollbacks begin with %s: write more of the code.", len(found), code)
}

// decidedBefore says what has become of an order that cannot be decided any more.
func (a *Answerer) decidedBefore(ctx context.Context, o rollback.Order) string {
	o, err := a.o.Store.Order(ctx, o.Key)
	if err != nil {
		return a.failed("read an order", err)
	}
	return fmt.Sprintf("%s: that is decided already: %s.", named(o.Change), messages.OrderState(o))
}

func (a *Answerer) hold(ctx context.Context, by caller, args []string) string {
	if len(args) < 2 {
		return "Write !hold SERVICE WHY: people want to know why they cannot deploy."
	}
	service := a.o.Canonical(args[0])
	if why := a.notOurs(by, service); why != "" {
		return why
	}
	why := sources.OneLine(strings.Join(args[1:], " "), sources.MaxText)
	h, set, err := a.o.Engine.Hold(ctx, store.Hold{Service: service, Why: why, Actor: by.actor()})
	if err != nil {
		return a.failed("hold", err)
	}
	if !set {
		return fmt.Sprintf("%s is held already, by %s: %s (%s)", h.Service, h.Actor, h.Why, h.ID)
	}
	text := fmt.Sprintf("%s is held (%s): its gate is closed in every environment. %s ends that.", h.Service, h.ID, by.how("release "+h.ID))
	if !a.o.Knows(service) {
		text += "\nThe service catalogue does not know this service: is it called so?"
	}
	return text
}

// release ends a hold by its id or its service, or the only one that there is.
func (a *Answerer) release(ctx context.Context, by caller, args []string) string {
	holds, err := a.o.Store.Holds(ctx, a.o.Now())
	if err != nil {
		return a.failed("release", err)
	}
	var wanted []store.Hold
	for _, h := range holds {
		if len(args) == 0 || h.ID == args[0] || h.Service != "" && h.Service == a.o.Canonical(args[0]) {
			wanted = append(wanted, h)
		}
	}
	switch {
	case len(wanted) == 0 && len(args) == 0:
		return "Nothing is held."
	case len(wanted) == 0:
		return fmt.Sprintf("No hold in force is called %s or is about it.", args[0])
	case len(wanted) > 1:
		return "Which one? Write !release ID.\n" + strings.Join(holdLines(wanted), "\n")
	}
	if why := a.notOurs(by, wanted[0].Service); why != "" {
		return why
	}
	h, err := a.o.Engine.Release(ctx, wanted[0].ID, by.actor())
	switch {
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrNotFound):
		return "Somebody else has just released it."
	case err != nil:
		return a.failed("release", err)
	}
	return fmt.Sprintf("Hold %s of %s is released.", h.ID, heldWhat(h))
}

// named is a change in few words.
func named(c sources.Change) string {
	text := strings.TrimSpace(c.Service + " " + c.What())
	if c.Environment != "" {
		text += " in " + c.Environment
	}
	return text
}

// to is " to v1", nothing where the order names no version.
func to(o rollback.Order) string {
	if o.Target == "" {
		return ""
	}
	return " to " + o.Target
}
