package web

import "time"

// Service is the page of one service.
type Service struct {
	Frame
	Name         string
	Owner        string // the team that answers for it; "" for none
	Unknown      bool   // the catalogue does not have it
	Environments []string
	For          []Choice // for how long a hold may last
	Gates        []Gate
	Stops        []Stop // holds that cover it
	Running      []Row  // what runs where, as far as changes say
	Good, Bad    []Version
	Rules        []ServiceRule
	FalseAlarms  string // of all its rules: "2 of 40 watches, 5 %"; "" where none has ended
	History      []Day
	Older        string    // address of the list of its older changes; "" where these are all
	Now          time.Time // when the page was made
}

// Gate is whether the service may be deployed to an environment.
type Gate struct {
	Environment, Reason string
	Open                bool
	Obstacles           []Obstacle
}

// Badge is how the gate is shown.
func (g Gate) Badge() Badge {
	if g.Open {
		return Badge{"Open", "good", "check"}
	}
	return Badge{"Closed", "bad", "skip"}
}

// Obstacle is what closes a gate.
type Obstacle struct {
	Why, By string
	Change  string // key of a bad change; "" for a hold
	Until   Instant
}

// Version is one version of a service, with what is known of it.
type Version struct {
	Row
	Standing string // good, bad or cleared
}

// ServiceRule is a rule that watches a service, with what it has come to there.
type ServiceRule struct {
	Name, Team, Mode string
	Ended, Fired     int
	FalseAlarms      int
	Rate             string // of false alarms among the watches that have ended; "" where none has
	Elsewhere        bool   // nothing has ended here yet: what it has come to with all other services
	LastFire         Instant
}

// RenderService renders the page of a service.
func (p *Pages) RenderService(s Service) (*Rendered, error) {
	return p.rendered("service", &s.Frame, &s)
}
