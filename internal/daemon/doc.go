// Package daemon is the process as a value: it builds what pushback.yml names, wires it,
// and runs it. `pushback serve`, the demo and tests all run the same Daemon.
//
//	adapters.go  the one table of adapters: what may stand behind `kind:`
//	build.go     the adapters that a configuration names, or every mistake in them
//	ask.go       whether each of them answers
//	daemon.go    New wires everything, Run runs it
//	reload.go    the rules folder
//
// This package alone imports every adapter. Nothing registers itself: what is not in the
// table cannot be configured. An adapter is one folder and one line.
package daemon
