package notify

import "time"

// Router is a Sender that sends nothing itself: it says which other receivers get a message.
type Router interface {
	Sender
	Route(f Facts) Routing
	// Reaches are all receivers that a message may get to, those of escalations included.
	Reaches() []string
	// Escalations are who is told when nobody answers what a message asks, the first one first.
	Escalations() []Escalation
}

// Routing is where a message goes.
type Routing struct {
	To    []string // receivers
	Quiet string   // the freeze window during which what is not urgent waits; "": none
}

// Escalation is who is told when nobody has answered for some time.
type Escalation struct {
	After time.Duration
	To    []string // receivers
}

// Facts are what a route decides by. What a message does not say is "".
type Facts struct {
	Team        string // the owner of the service, or else the team of the rule
	Service     string
	Environment string
	Kind        string // of the change: deploy, config, flag, experiment
	Reason      string // of the verdict
	Severity    Severity
}

// Facts are those of a message, whose service has this owner; "" for none.
func (m Message) Facts(owner string) Facts {
	if owner == "" {
		owner = m.Team
	}
	return Facts{
		Team: owner, Service: m.Field("service"), Environment: m.Field("environment"), Kind: m.Field("kind"),
		Reason: m.Reason, Severity: m.Severity,
	}
}

// Urgent says that a message waits for the end of no quiet hours: the evidence is certain, somebody
// is asked, or Pushback itself cannot see or act.
func (m Message) Urgent() bool {
	return m.Severity == Critical || m.Ask != nil || m.Kind == "blind" || m.Kind == "lost"
}
