// Package migrate reads what other tools judge a release by, and writes the
// nearest rule: an Argo AnalysisTemplate, a Flagger Canary with its
// MetricTemplates, a Kayenta canary config.
//
//	Convert   a file → a rule file, what has no equal in comments   migrate.go
//	argo.go, flagger.go, kayenta.go                                 the readers
//	query.go  the tools' templates → our variables, conditions → limits
//
// The tools ask whether a number stays on one side of a threshold; a rule asks
// whether it moved with the change, and may have the threshold as its limit.
// So nothing is lost that could be said, and what could not — a score, a number
// of failures that are allowed — stands in a comment where it was.
//
// What is written loads. A signal that the loader would refuse is written as a
// comment with the loader's reason.
//
// See adr/0031.
package migrate
