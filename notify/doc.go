// Package notify is whom we tell. A Message is the same for every receiver;
// a Sender renders and delivers it. Nothing here can change production.
package notify
