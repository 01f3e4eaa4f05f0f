// Package profiles learns how signals usually move, before a change needs to know
// it, and stores what it learned.
//
//	Run                learns what looks request, and the rules that changed   learn.go, pass.go
//	Relearn            learns everything again, on schedule                    pass.go, turn.go
//	Of                 the profiles that a watch is judged with                keeper.go
//	Read               one stored profile by its hash                          keeper.go
//
// A profile belongs to a query, not to a service or rule: its name is a digest of
// where the numbers come from and of how they are cut into ticks (name.go). Whoever
// asks for the same numbers shares one profile, but for services with enough good
// deploys to have a shape of their own (share.go). See detector.Learn for what it holds.
//
// See adr/0020.
package profiles
