package web

import "time"

// List is the list of changes that meet a filter, newest first, by day.
type List struct {
	Frame
	Filter       Filter
	Days         []Day
	Shown        int
	SearchedTo   time.Time // how far back was looked for them, where that is not all; zero: as far as the page goes
	Older        string    // address of the next page; "" on the last
	Services     []string  // what the fields suggest
	Environments []string
	Teams        []string
	States       []Choice
	Kinds        []Choice
}

// Filter is what a list of changes is narrowed to, as its form has it; "" for all.
type Filter struct{ Query, Service, Environment, Kind, State, Team, Person, From, To string }

// Set says whether the filter leaves anything out.
func (f Filter) Set() bool { return f != Filter{} }

// RenderList renders the list of changes.
func (p *Pages) RenderList(l List) (*Rendered, error) { return p.rendered("list", &l.Frame, &l) }

// Unknown is a service that events named and that the catalogue does not know.
type Unknown struct {
	Service, Source string
	Nearest         string // the service that may have been meant; "" where none is near
	Since           time.Time
	Events          int
}

// Day is the changes that started on one day, UTC.
type Day struct {
	Date time.Time
	Rows []Row
}

// Row is one change in one line.
type Row struct {
	Key         string
	Service     string
	Environment string
	Region      string
	Kind        string
	Thing       string // such as "flag new-cart"; "" for a deploy
	Version     string
	Previous    string
	Actor       string
	RollbackOf  string // what it takes back; "" where it is no rollback
	At          time.Time
	State       string // the worst of its watches
	Grade       string
	Order       string // the state of its order, "" where there is none
	Instances   string // how many instances run it, while it rolls; "" where nobody counts
}

// ByDay groups rows, newest first, by the day they began on.
func ByDay(rows []Row) []Day {
	var days []Day
	for _, r := range rows {
		date := r.At.UTC().Truncate(24 * time.Hour)
		if n := len(days); n == 0 || !days[n-1].Date.Equal(date) {
			days = append(days, Day{Date: date})
		}
		last := &days[len(days)-1]
		last.Rows = append(last.Rows, r)
	}
	return days
}

// Badge is how the row's state is shown.
func (r Row) Badge() Badge { return BadgeOf(r.State, r.Grade) }
