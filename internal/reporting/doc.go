// Package reporting shows changes to other tools: a report follows a change from its first look to what became of
// its rollback, as an annotation on Grafana, a comment on a pull request, or whatever the tool has.
//
// The report is a row for each tool (store.Report), which is written in the transaction of what it tells of. A job
// brings the tool up to the row's revision, under a lease, so that two replicas do not post at once. A tool that has
// the report and whose answer was lost, or was not stored because of a crash, is looked at before anything is posted
// again: that is the adapter's part (notify.Reporter).
//
//	reporting.go   which tools get a report of a change, and what it says
//	post.go        bringing a tool up to date
//	grafana.go     the annotation as a report
//	protect.go     deployments that a tool holds back until it is answered
//	decide.go      what it is answered
//
// See adr/0124 and adr/0125.
package reporting
