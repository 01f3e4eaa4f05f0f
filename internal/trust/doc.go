// Package trust keeps how far each rule may go. Trust is earned by a way of judging,
// which the rule's hash names, with one service after the other: an edit that changes
// what is judged begins anew, an edit of who is notified does not.
//
//	Earned       the furthest mode a rule may use with a service    keeper.go
//	WatchEnded   proposes the next step when the record earns it    promote.go
//	Promote      a person takes up a proposed step                  promote.go
//	Thresholds   the p-values that the rule's budget allows         budget.go
//
// No rule goes further by itself: what is earned is proposed, and a person accepts it.
//
// See adr/0025.
package trust
