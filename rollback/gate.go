package rollback

import (
	"slices"
	"strings"
	"time"
)

// Obstacle is one reason for a gate to be closed.
type Obstacle struct {
	Why    string    `json:"why"`              // for people, in one sentence
	Change string    `json:"change,omitempty"` // key of the change that is held bad; "" where a hold is set
	Hold   string    `json:"hold,omitempty"`   // id of the hold; "" where a change is held bad
	Actor  string    `json:"actor,omitempty"`  // who set the hold
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"` // when the hold ends by itself; zero: not before it is released
}

// Gate is the answer to a deploy tool that asks before it pushes.
type Gate struct {
	Open      bool
	Reason    string     // why it is closed, or what was passed by; "" where nothing stands in the way
	Obstacles []Obstacle // what stands in the way, passed by or not
}

// Decide closes the gate while anything stands in the way. A fix passes by the
// changes it names, by their keys, and by nothing else: a hold was set by
// somebody, who can be asked.
func Decide(obstacles []Obstacle, fixes []string) Gate {
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
