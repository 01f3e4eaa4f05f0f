// Package usage makes from kong's model of a command line what people use beside --help:
//
//	Complete  what may stand at the cursor of a shell     complete.go, line.go
//	Manual    the manual page, in the language man(7)     manual.go
//
// Both follow the model, so that a new command or flag needs nothing here. Values that only
// the running daemon knows, such as services, are asked of the caller.
//
// See adr/0107.
package usage
