package backtest

import (
	"github.com/pushback/pushback/rules"
)

// Response is what the lines of a rule's `respond` would have done at one look.
type Response struct {
	Look    Look
	Actions []rules.Action
}

// Responses returns, look by look, what the rule's lines would have done. It takes
// from like what a replay cannot know: the freeze windows in force, the earned mode,
// and the operators' cap.
//
// Where a store fails, the lines `on: blind` respond at the end of the bake. The
// daemon checks its stores every minute, and responds earlier.
func (r Replay) Responses(like rules.Moment) []Response {
	all := make([]Response, 0, len(r.Looks))
	like.Change = r.Moment.Change
	for _, l := range r.Looks {
		like.State, like.Grade, like.Verdict, like.Final, like.Now = l.State, l.Grade, l.Verdict, !l.State.Open(), l.At
		actions := r.Bound.Respond(like)
		for _, a := range actions {
			like.Answered = append(like.Answered, a.Line)
		}
		all = append(all, Response{Look: l, Actions: actions})
	}
	return all
}
