// Package backtest replays rules over the past: what they would have said of
// changes that were, and of moments at which nothing was changed.
//
//	ReadChanges  the changes, one JSON object a line     changes.go
//	Placebos     random moments far from any change      placebo.go
//	Run          every moment under every rule, in order  run.go, replay.go
//	Answers      what the rule's lines would have done  answer.go
//	Count        how often a rule alarmed, and when      count.go
//	Score        what that costs, and what it has earned score.go
//	Text         the scores for people                   text.go
//
// A replay asks the store through internal/gather, as the daemon's looks do,
// learns a profile from the history before each change, and judges at the end
// of every tick and of the bake. So a line of a backtest is what the daemon
// would have said at that moment, with these exceptions: every change is
// judged alone, neither cut short by a newer one nor held to the baseline of a
// suspect predecessor; the profile is there from the first look; and samples
// that reached the store late are there in time.
//
// A moment without a change can only alarm falsely, so the rate of those is
// the rate of false alarms. Alarms at real changes are of both kinds, and
// nobody but people can tell them apart: they are listed, not rated.
package backtest
