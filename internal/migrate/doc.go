// Package migrate converts the configuration by which other tools judge a release to
// rules that say the same: Argo AnalysisTemplates with the Rollouts that use them, Flagger
// Canaries with their MetricTemplates, and Kayenta canary configs.
//
//	Convert       files → a rule file, and what was left                     migrate.go
//	document      one object; each value that is read is marked              field.go, read.go
//	argo…, flagger…, kayenta.go   the readers
//	condition.go  Argo's conditions → stretches of the number line           stretch.go, judged.go
//	limits.go     a query and a stretch → signals; shares, percentages, means: share.go
//	variables.go  the tools' variables → a rule's variables, or values
//	series.go     what several series of a query come to
//	write.go      rules and what was left → text
//
// A conversion changes no meaning without a word. What a rule cannot say is left, with its
// file, line, reason and what to write instead. That nothing is passed over does not depend on the
// readers' care: a value that no reader has marked when the readers are done is listed.
//
// A metric is converted whole or not at all. What stops it, such as an argument without a
// value, is never guessed.
//
// The written rules load. A signal that the loader would refuse is left with the loader's reason.
//
// See adr/0031 and adr/0108.
package migrate
