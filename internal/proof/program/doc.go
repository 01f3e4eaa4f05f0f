// Package program runs the built program for measurements: it starts and kills the process,
// sends it signed events, reads its metrics, and asks the kernel what it used.
//
//	New, Start, Kill   the process and its folder          program.go
//	Used               its memory and processor time       usage.go
//	Metrics            its /metrics                        metrics.go
//	Sender             deploy tools that report changes    sender.go
//	WritePage          a page of docs                      page.go
package program
