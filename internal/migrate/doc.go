// Package migrate converts the configuration by which other tools judge a release to
// the nearest rule: an Argo AnalysisTemplate, a Flagger Canary with its
// MetricTemplates, or a Kayenta canary config.
//
//	Convert   a file → a rule file                                          migrate.go
//	argo.go, flagger.go, kayenta.go                                         the readers
//	query.go  the tools' variables → a rule's variables, conditions → limits
//	series.go what several series of a query come to
//	write.go  rules → text
//
// The tools check whether a number stays on one side of a threshold. A rule checks
// whether the number moved with the change, and can have the threshold as its limit.
// What has no equivalent in a rule, such as a score or a number of allowed failures,
// becomes a comment.
//
// The written rules load. A signal that the loader would refuse becomes a comment
// with the loader's reason.
//
// See adr/0031.
package migrate
