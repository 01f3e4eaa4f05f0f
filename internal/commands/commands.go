// Package commands carries out what people ask of Pushback in a chat: it finds out who they are by the section
// people of pushback.yml, whether they may, and does it through the same functions as the API. The journal names the
// person and the chat.
package commands

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/people"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Engine does what commands ask for. The errors of its methods wrap store.ErrNotFound and store.ErrConflict, as for
// the API.
type Engine interface {
	Approve(ctx context.Context, key, actor, why string) error
	Reject(ctx context.Context, key, actor, why string) error
	Hold(ctx context.Context, h store.Hold) (held store.Hold, set bool, err error)
	Release(ctx context.Context, id, actor string) (store.Hold, error)
}

// Store is what the answers read.
type Store interface {
	FindByKey(ctx context.Context, reference string) ([]store.Change, error)
	Order(ctx context.Context, key string) (rollback.Order, error)
	Orders(ctx context.Context, states []rollback.State, limit int) ([]rollback.Order, error)
	Holds(ctx context.Context, now time.Time) ([]store.Hold, error)
	OpenChanges(ctx context.Context, f store.ChangeFilter) ([]store.Change, error)
	Changes(ctx context.Context, f store.ChangeFilter) ([]store.Change, error)
	WatchesOfEach(ctx context.Context, changeKeys []string) (map[string][]watch.Watch, error)
}

// Options are what commands work with. All are required.
type Options struct {
	Engine      Engine
	Corrections Corrections
	Store       Store
	People      people.List
	Owner       func(service string) string // the team that owns a service, by its canonical name; "" where that is nobody
	Canonical   func(service string) string
	Knows       func(service string) bool // whether the catalogue knows the service
	Frozen      func() (frozen bool, why string)
	Log         *slog.Logger
	Now         func() time.Time
}

// Answerer carries out commands. It is safe for concurrent use.
type Answerer struct {
	o     Options
	limit *limiter
}

// New returns an answerer. It reads nothing.
func New(o Options) *Answerer { return &Answerer{o, newLimiter(o.Now)} }

// command is what a name stands for.
type command struct {
	does  func(a *Answerer, ctx context.Context, by caller, args []string) string
	needs people.Role // "": anybody, known or not
	usage string
}

func commands() map[string]command {
	return map[string]command{
		"status":  {(*Answerer).status, "", "!status: what is watched, what waits for somebody, holds and freezes"},
		"mine":    {(*Answerer).mine, "", "!mine [NAME]: how your newest changes did"},
		"approve": {(*Answerer).approve, people.Responder, "!approve CODE [WHY]: approve a rollback"},
		"reject":  {(*Answerer).reject, people.Responder, "!reject CODE [WHY]: reject a rollback, or stop one that waits"},
		"hold":    {(*Answerer).hold, people.Responder, "!hold SERVICE WHY: close the gate of a service"},
		"release": {(*Answerer).release, people.Responder, "!release [SERVICE or ID]: end a hold"},

		"false-alarm": {(*Answerer).falseAlarm, people.Responder, "!false-alarm CODE [WHY]: a rule fired at a change that was not bad"},
		"missed":      {(*Answerer).missed, people.Responder, "!missed CODE [WHY]: no rule fired at a change that was bad"},
	}
}

// listed are the commands in the order in which help lists them.
var listed = []string{"status", "mine", "approve", "reject", "hold", "release", "false-alarm", "missed"}

// caller is who gave a command: the person, where the receiver's id is known.
type caller struct {
	notify.Caller
	person people.Person
	known  bool
}

// actor is the caller for the journal.
func (c caller) actor() string { return fmt.Sprintf("%s (by %s)", c.person.Name, c.Kind) }

// how is how the caller would give a command: chats with buttons hear no words.
func (c caller) how(command string) string {
	if c.Kind == "irc" {
		return "!" + command
	}
	return "pushback " + command
}

// Answer carries a command out, if its caller may give it, and returns what happened or why not, in short lines.
func (a *Answerer) Answer(ctx context.Context, c notify.Command) string {
	if !a.limit.allow(c.From) {
		return "Too many commands at once. Wait a minute."
	}
	cmd, known := commands()[c.Name]
	if !known {
		return help(c.Name)
	}
	by := caller{Caller: c.From}
	by.person, by.known = a.o.People.Of(c.From.Kind, c.From.ID)
	if why := refused(by, cmd.needs); why != "" {
		a.o.Log.Info("refused a command from a chat", "command", c.Name, "receiver", c.From.Receiver, "id", c.From.ID, "name", c.From.Name, "why", why)
		return why
	}
	args := make([]string, len(c.Args))
	for i, one := range c.Args {
		args[i] = sources.OneLine(one, sources.MaxName)
	}
	return cmd.does(a, ctx, by, args)
}

func help(name string) string {
	var b strings.Builder
	if name != "help" {
		b.WriteString("There is no such command. These are:\n")
	}
	all := commands()
	for _, one := range listed {
		b.WriteString(all[one].usage + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// refused returns why somebody may not give a command at all, "" if they may.
func refused(by caller, needs people.Role) string {
	switch {
	case needs == "":
		return ""
	case by.ID == "":
		return "Only somebody who is signed in may do that: log in to your account at the network's services first."
	case !by.known:
		return fmt.Sprintf("Nobody under people in pushback.yml has %s: %s.", by.Kind, by.ID)
	case !by.person.Role.Includes(needs):
		return fmt.Sprintf("%s has the role %s. That takes the role %s.", by.person.Name, by.person.Role, needs)
	}
	return ""
}

// notOurs returns why somebody may do nothing about a service, "" if they may. No service stands for all.
func (a *Answerer) notOurs(by caller, service string) string {
	team := ""
	if service != "" {
		team = a.o.Owner(service)
	}
	if by.person.Answers(team) {
		return ""
	}
	theirs := strings.Join(by.person.Teams, ", ")
	switch {
	case service == "":
		return fmt.Sprintf("That concerns every service, and you answer for those of %s.", theirs)
	case team == "":
		return fmt.Sprintf("No team owns %s in the service catalogue, and you answer for those of %s.", service, theirs)
	}
	return fmt.Sprintf("%s belongs to %s, and you answer for %s.", service, team, theirs)
}

// failed logs an error that is not the caller's, and says so.
func (a *Answerer) failed(what string, err error) string {
	a.o.Log.Error("cannot carry out a command from a chat; the caller is told to try again", "command", what, "error", err)
	return "That could not be done now: the database does not answer. Try again; the log says more."
}
