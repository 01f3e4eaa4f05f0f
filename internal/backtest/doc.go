// Package backtest replays rules over the past: it judges past changes, and placebos:
// moments at which nothing was changed.
//
//	ReadChanges  the changes, one JSON object a line          changes.go
//	Placebos     random moments far from any change           placebo.go
//	Run          every moment under every rule, in order      run.go, replay.go
//	Responses    what the rule's respond lines would do       response.go
//	Count        how often a rule alarmed, and when           count.go
//	Score        false alarms, and the mode that they allow   score.go
//	Text         the scores for people                        text.go
//
// A replay queries the store through internal/gather, as the daemon's looks do,
// learns a profile from the history before each change, and judges at the end of
// every tick and of the bake. So a verdict of a backtest is the daemon's verdict at
// that moment, with these exceptions: every change is judged alone, neither ended by
// a newer one nor compared with the baseline of a suspect predecessor; the profile
// exists from the first look; and samples that reached the store late are there.
//
// An alarm at a placebo is false, so that the rate of these is the rate of false
// alarms. An alarm at a real change may be true or false, which only people can
// tell: alarms at changes are listed and not rated.
package backtest
