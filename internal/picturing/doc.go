// Package picturing makes pictures of the verdicts that are stored: it chooses the watch, reads its last look, has it
// drawn (internal/picture), and remembers the last pictures.
//
//	picturing.go   which look a picture shows
//	paint.go       drawing it, in bounded time, and remembering it
//	message.go     the picture of a message, in time
//	link.go        addresses that show one picture to whoever has them
//
// See adr/0129.
package picturing
