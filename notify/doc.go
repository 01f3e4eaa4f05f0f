// Package notify sends messages to people. A Message is the same for every
// receiver. A Sender renders it for one kind of receiver and delivers it; the
// senders are in the folders below. Nothing here can change production.
package notify
