// Package notify sends messages to people. A Message is the same for every
// receiver. A Sender renders it for one kind of receiver and delivers it; the
// senders are in the folders below. A Report is what a tool shows of one change, updated
// in place; a Reporter writes it. Nothing here can change production.
package notify
