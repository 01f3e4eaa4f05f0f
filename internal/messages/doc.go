// Package messages says to people what happened: values in, a notify.Message or the
// text of an annotation out. It is pure: it reads no store and no clock, so that the
// same facts always give the same words.
//
//	verdict.go    what a watch observed, and how it ended
//	order.go      what is done about it: a draft, an order and its end
//	waiting.go    what an order waits for, and how waiting ends
//	people.go     whom it concerns, and what people are asked
//	choices.go    the commands that take back what a message says
//	evidence.go   the numbers that each message about an order carries
//	fleet.go      much that is bad at once, held rollbacks
//	site.go       outages, broken rules, earned trust
//	annotation.go the mark on Grafana
//
// Messages that belong together share a Key, which names their thread: pagers join
// the messages of one thread into one alert. testdata/messages.txt shows every text.
package messages
