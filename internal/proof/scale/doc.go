// Package scale measures how much the built program can watch: it runs as a process of its own
// beside a scripted metric store, and its processor time, its memory, how late its looks begin
// and what it asks the store are counted while so many watches are open. `make scale` runs it;
// see tools/scale.
//
//	Watches   so many watches, while their profiles are learned and afterwards   watches.go
//	Viewing   people with open pages while a deploy is watched                   viewers.go, viewer.go
//	Page      docs/scale.md, docs/viewers.md                                     page.go, viewerspage.go
package scale
