package notify

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/pushback/pushback/sources/changes"
)

// Answerer is a Reporter whose tool holds deployments, or merge requests, back until Pushback answers.
type Answerer interface {
	// Waits says what a deployment waits for. It checks where the answer goes; its errors are those of
	// a changes.Source: a *sources.BadEvent, or one that wraps changes.ErrIgnored where the settings hold no
	// deployment to this environment back.
	Waits(q changes.Question) (Wait, error)
	// Answer tells the tool. Its errors are those of a Sender, or wrap ErrAnswered. It may be called again with
	// the same answer, after any error and by another process. Where Wait.Again is true, it may be called with
	// another answer, and with one that is Pending.
	Answer(ctx context.Context, w Wait, a Answer) error
}

// Wait is what a deployment waits for.
type Wait struct {
	ID          string        `json:"id"`                // the same for every delivery about the deployment
	What        string        `json:"what,omitempty"`    // what is held back, for people; "": a deployment
	Place       string        `json:"place"`             // where the answer goes, a path below the address in the settings
	ToolsWord   string        `json:"tools_word"`        // the tool's name of the environment
	Version     string        `json:"version,omitempty"` // that the answer repeats, where the tool wants that
	Environment string        `json:"environment"`       // whose change of the same version must end healthy
	AtMost      time.Duration `json:"at_most"`           // after which it is rejected
	Again       bool          `json:"again,omitempty"`   // the tool takes another answer, and asks anew under the same ID
}

// Held is what is held back, for people.
func (w Wait) Held() string { return cmp.Or(w.What, "deployment") }

// Answer says whether a deployment may go on, and why. Its texts may come from outside: see Message.
type Answer struct {
	Approved bool     `json:"approved"`
	Pending  bool     `json:"pending,omitempty"` // neither approved nor rejected any more: the tool goes on waiting
	Why      string   `json:"why"`
	Lines    []string `json:"lines,omitempty"` // what the rules say of the change that it waited for
	Link     string   `json:"link,omitempty"`  // the page of that change
}

// Truncated returns the answer within the limits of a report, for people.
func (a Answer) Truncated() Answer {
	r := Report{Action: a.Why, Link: a.Link, Rules: []RuleReport{{Lines: a.Lines}}}.Truncated().Plain()
	a.Why, a.Link, a.Lines = r.Action, r.Link, r.Rules[0].Lines
	return a
}

// ErrAnswered is wrapped by the error of a tool that takes no answer any more: it has one already.
var ErrAnswered = errors.New("already answered")
