package web

import (
	"io"
	"time"
)

// Choice is one of the values that a field can have.
type Choice struct {
	Value, Label string
	Chosen       bool
}

// Confirm is the second step before something that cannot be taken back.
type Confirm struct {
	Frame
	Question string
	Text     []string // what follows from it, one paragraph each
	Listed   []string // what it is about, one line each
	Action   string   // where the form goes
	Hidden   []Field  // sent with the form
	Fields   []Field  // asked for, beside the name and the reason
	NoWhy    bool     // no reason is asked for
	Button   string
	Back     string // the page to go to instead
}

// Field is a field of a form.
type Field struct {
	Name, Label, Value, Placeholder string
}

// Confirm writes the page of a second step.
func (p *Pages) Confirm(w io.Writer, c Confirm) error { return p.write(w, "confirm", &c.Frame, &c) }

// sinceOf returns what has changed of a page since a revision.
func (p *Pages) sinceOf(name string, f *Frame, page any, revision string) (Update, error) {
	r, err := p.render(name, f, page)
	if err != nil {
		return Update{}, err
	}
	return r.since(revision, nil), nil
}

// Orders is the page of rollback orders, newest first.
type Orders struct {
	Frame
	Said    string // what a form has just done
	Service string
	States  []Choice // to filter by
	Waiting int      // how many of those shown wait for a person
	Orders  []PlacedOrder
	Older   string // address of the next page; "" on the last
}

// PlacedOrder is one order among others.
type PlacedOrder struct {
	Key, Service, Environment, Region, Version, Thing string

	Order
	DecidedAt, SentAt time.Time
	SentBy            string // the replica that called the hook
	Sentence          string // its state in words
	Waits             string // what it waits for; "" where it has ended
	Steps             []Step
	MayDecide         bool // the reader may, and it waits for a person
	MayStop           bool // the reader may, and it waits for something else
}

// Step is one entry of the journal about an order.
type Step struct {
	At           time.Time
	Actor, Words string
}

// Orders writes the page of orders.
func (p *Pages) Orders(w io.Writer, o Orders) error { return p.write(w, "orders", &o.Frame, &o) }

// OrdersSince returns what has changed of the page of orders since a revision.
func (p *Pages) OrdersSince(o Orders, revision string) (Update, error) {
	return p.sinceOf("orders", &o.Frame, &o, revision)
}

// Holds is the page of holds and of the freeze.
type Holds struct {
	Frame
	Said    string
	Freeze  Freeze
	InForce []Hold
	Past    []Hold
	Older   string // address of the next page of past ones; "" on the last
	For     []Choice
	Known   []string // services, to complete what is typed
}

// Freeze is whether all acting is stopped.
type Freeze struct {
	Frozen  bool
	Why     string
	By      string // who froze, as the journal knows it; "" where it does not
	Since   time.Time
	Until   time.Time
	Window  string // the freeze window of pushback.yml that is in force; "" for none
	OneOf   int    // how many replicas share the database: each has its own freeze file
	CanForm bool   // the page may freeze and lift
}

// Hold is one hold.
type Hold struct {
	ID, Stops, Why, Actor string
	At, Until             time.Time
	Ended                 time.Time // zero: in force
	EndedBy               string    // "" where its time was over
	Fleet                 bool
	MayRelease            bool // the reader may
}

// Holds writes the page of holds.
func (p *Pages) Holds(w io.Writer, h Holds) error { return p.write(w, "holds", &h.Frame, &h) }

// HoldsSince returns what has changed of the page of holds since a revision.
func (p *Pages) HoldsSince(h Holds, revision string) (Update, error) {
	return p.sinceOf("holds", &h.Frame, &h, revision)
}

// Incidents is the page of incidents.
type Incidents struct {
	Frame
	Said       string
	Open, Past []Incident
	Older      string
	Known      []string
}

// Incident is one incident with the changes that were in it.
type Incident struct {
	ID, Whose, Why, Actor string
	From, To              time.Time // To is zero while it goes on
	NotedAt               time.Time
	Changes               []Row
	More                  bool // there were more changes than are shown
	MayEnd                bool // the reader may end it and take it back
}

// Incidents writes the page of incidents.
func (p *Pages) Incidents(w io.Writer, i Incidents) error {
	return p.write(w, "incidents", &i.Frame, &i)
}

// IncidentsSince returns what has changed of the page of incidents since a revision.
func (p *Pages) IncidentsSince(i Incidents, revision string) (Update, error) {
	return p.sinceOf("incidents", &i.Frame, &i, revision)
}
