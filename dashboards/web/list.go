package web

import "time"

// List is the list of changes, newest first, by day.
type List struct {
	Frame
	Service, Environment string // what it is narrowed to
	Days                 []Day
	Waiting              []Row     // changes whose rollback waits for a person
	Unknown              []Unknown // services that events named and that the catalogue does not know
	Older                string    // address of the next page; "" on the last
}

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
