// Package rules is the language in which teams write which changes to watch,
// which signals to judge, and what to do about a verdict.
//
//	Load     a folder of YAML  → Set, or all mistakes at once, with line and column
//	For      a change          → the rules that watch it, overrides and $match applied
//	Plan     a bound rule      → what the detector needs
//	Respond  a moment          → whom to notify and whether to roll back (pure)
//
// A rule names hooks and receivers by their names in pushback.yml; this package
// calls none of them. The engine makes the order out of an Action, and
// rollback.Permit decides about it.
package rules
