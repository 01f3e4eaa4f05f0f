// Package situation reads what must be known before a change is judged to be the
// cause, or rolled back: what else was deployed, what was live before, what came since.
// It only reads; package rollback decides.
//
//	Of           everything the guards ask about an order    reader.go
//	Overlapping  other changes that are as likely the cause  suspects.go
//	Target       the version to go back to                   target.go
//	Predecessor  what came before a change in its slot       predecessor.go
//	Superseded   whether something newer has come            superseded.go
package situation
