package messages

import (
	"fmt"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources"
)

// Proposal is somebody's wish to roll a change back that no rule has ordered.
type Proposal struct {
	Key    string // of the change
	Change sources.Change
	Actor  string
	Why    string
	At     time.Time
}

// Thread is the thread about the proposal.
func (p Proposal) Thread() string { return p.Key + "/proposal" }

// Proposed asks people to look at a change. Nothing is prepared: without a rule's verdict there
// is no order, so that there is nothing to approve.
func (c Composer) Proposed(p Proposal) notify.Message {
	return notify.Message{
		Key: p.Thread(), Kind: "proposal", Severity: notify.Warning, At: p.At, Link: c.Link(p.Key), Fields: fields(p.Change, ""), People: c.concerned(p.Change),
		Title:       fmt.Sprintf("%s: %s proposes to roll it back", named(p.Change), p.Actor),
		SignalLines: []string{"why, in the words of " + p.Actor + ": " + p.Why},
		Action:      "No rule has ordered this, and nothing happens by itself. Look at the change; if it is bad, roll it back with your own tool.",
	}
}
