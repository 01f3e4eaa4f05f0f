// Package rules is what teams say: which changes to watch, which signals to
// judge, and what to do about a verdict.
//
//	Load     a folder of YAML  → Set, every mistake at once with line and column
//	For      a change          → the rules that watch it, overrides and $match applied
//	Plan     a bound rule      → what the detector needs
//	Respond  verdicts, moment  → whom to tell and whether to roll back (pure)
//
// A rule names hooks and receivers as words; this package can touch nothing.
// The engine makes the order out of a Response, and rollback.Permit has the
// last say.
package rules
