package backtest

import (
	"github.com/pushback/pushback/rules"
)

// Answer is what the lines of a rule's `respond` would have done at one look.
type Answer struct {
	Look    Look
	Actions []rules.Action
}

// Answers gives, look by look, what the rule's lines would have done. Of like
// it takes what no replay can know: which freeze windows held, what the rule
// had earned, and the operators' cap.
//
// A store that fails is answered `on: blind` at the end of the bake; the
// daemon, which hears of the failure by the minute, answers earlier.
func (r Replay) Answers(like rules.Moment) []Answer {
	all := make([]Answer, 0, len(r.Looks))
	like.Change = r.Moment.Change
	for _, l := range r.Looks {
		like.State, like.Grade, like.Verdict, like.Final, like.Now = l.State, l.Grade, l.Verdict, !l.State.Open(), l.At
		actions := r.Bound.Respond(like)
		for _, a := range actions {
			like.Answered = append(like.Answered, a.Line)
		}
		all = append(all, Answer{Look: l, Actions: actions})
	}
	return all
}
