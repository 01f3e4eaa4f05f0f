// Package config reads pushback.yml, which the operators own: where to listen,
// which metric stores to ask, whose events to believe, what may be run or
// called, whom to tell, and how a change's service is found in the metric
// store. What the teams own — the rules — is package rules.
//
//	Load   a file, the kinds of adapter there are  → Config, or every mistake at once
//	Catalogue   services, what discovery found     → rules.Service by name or alias
//
// Reading is strict: an unknown key, a duplicate, a name that nothing defines
// is an error with its line and column, because a misspelt guard that is
// silently ignored is worse than a daemon that does not start.
//
// Adapters own their settings. This package knows the keys every hook or
// source shares and hands the rest to the adapter's own Config type, which it
// gets from the caller (Kinds): only cmd may import what can act on
// production, so the table of adapters stands there and not here.
//
// No secret is ever written in the file itself. Settings name files that hold
// secrets, one a file, so that pushback.yml can be committed, diffed and shown
// in a bug report. Relative paths are relative to the file that names them.
package config
