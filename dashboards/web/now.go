package web

import (
	"fmt"
	"math"
	"time"
)

// Now is the first page: what happens, what waits for a person, what is stopped, what cannot be seen, and the last day.
type Now struct {
	Frame
	Waiting []Waiting
	Watched []Watched
	More    bool // more is watched than is listed
	Stops   []Stop
	Blind   []Trouble // metric stores that cannot be read
	Broken  []Trouble // everything else that does not work
	Unknown []Unknown // services that events named and that the catalogue does not know
	Day     Day24
}

// Waiting is something that a person has to decide, or that a tool holds back until Pushback answers.
type Waiting struct {
	Row             // of a rollback; Key is "" for a deployment that waits
	Target  string  // what a rollback would go back to
	For     string  // what a deployment waits for
	Expires Instant // when the offer ends
}

// Watched is a change that is being watched.
type Watched struct {
	Row
	Until    Instant // when the last of its watches ends; zero: it has not begun, because the change still rolls
	Progress int     // of that time, in percent
	Rules    string  // which rules watch
}

// Stop is what keeps deploys or rollbacks back.
type Stop struct {
	What, Why, By string
	Service       string // of a hold of one service, to end it on its page
	ID            string // of a hold; "" for a freeze
	Since         Instant
	Until         Instant // zero: until somebody ends it
}

// Instant is a moment, and how far it is from when the page was made: "3 min left".
type Instant struct {
	time.Time
	Words string
}

// Left is a moment to come.
func Left(at, now time.Time) Instant {
	switch {
	case at.IsZero():
		return Instant{}
	case !at.After(now):
		return Instant{at, "any moment"}
	}
	return Instant{at, lasting(at.Sub(now)) + " left"}
}

// Ago is a moment that has passed.
func Ago(at, now time.Time) Instant {
	if at.IsZero() {
		return Instant{}
	}
	return Instant{at, lasting(max(now.Sub(at), 0)) + " ago"}
}

// lasting writes how long something takes, as assets/times.js does.
func lasting(d time.Duration) string {
	minutes := int(math.Round(d.Minutes()))
	switch {
	case d < time.Minute:
		return "less than a minute"
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes < 6*60 && minutes%60 > 0:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	case minutes < 48*60:
		return fmt.Sprintf("%d h", minutes/60)
	}
	return fmt.Sprintf("%.0f days", math.Round(d.Hours()/24))
}

// RenderNow renders the first page.
func (p *Pages) RenderNow(n Now) (*Rendered, error) { return p.rendered("now", &n.Frame, &n) }
