// Package gitrepo reads from a git repository what a deploy carries: the version, whose
// commits are new in it, and the page that compares it with the version before.
//
//	Open           a folder                               → its Repository
//	Head, Version  what is checked out, a tag or a commit → Revision
//	AuthorsBetween two revisions                          → whose commits lie between them
//	Compare        a remote and two revisions             → the page of the code host    compare.go
//
// A repository is not trusted: its configuration may name programs to run, and its commits
// and remotes are of anybody's making. So git is run with a fixed list of arguments and
// never through a shell, with a clean environment and with everything turned off that could
// start a program or reach the network; its time and its output are bounded. What it answers
// is cleaned before anybody sees it, and no part of a remote but its host and path is used,
// so that a password in a remote goes nowhere.
package gitrepo
