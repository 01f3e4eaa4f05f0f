package rollback

import (
	"slices"
	"strings"
	"time"
)

// Obstacle is one reason to close the gate: a change that is marked bad, or a hold
// that a person set.
type Obstacle struct {
	Why    string    `json:"why"`              // for people, in one sentence
	Change string    `json:"change,omitempty"` // key of the bad change; "" for a hold
	Hold   string    `json:"hold,omitempty"`   // id of the hold; "" for a bad change
	Actor  string    `json:"actor,omitempty"`  // who set the hold
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"` // when the hold ends by itself; zero: when it is released
}

// Gate is the answer to a deploy tool that asks whether it may deploy.
type Gate struct {
	Open      bool
	Reason    string     // why it is closed, or which obstacles a fix passes; "" without obstacles
	Obstacles []Obstacle // all obstacles, also those that a fix passes
}

// DecideGate closes the gate while there is an obstacle. fixes are the keys of
// the bad changes that the deploy repairs: it passes those changes and no holds.
// A hold was set by a person, who can be asked to release it.
func DecideGate(obstacles []Obstacle, fixes []string) Gate {
	g := Gate{Open: true, Obstacles: obstacles}
	var closed, passed []string
	for _, o := range obstacles {
		if o.Change != "" && slices.Contains(fixes, o.Change) {
			passed = append(passed, "a fix: "+o.Why)
			continue
		}
		g.Open = false
		closed = append(closed, o.Why)
	}
	g.Reason = strings.Join(closed, "; ")
	if g.Open {
		g.Reason = strings.Join(passed, "; ")
	}
	return g
}
