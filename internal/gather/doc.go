// Package gather asks a metric store what one look at a change needs to know,
// and puts the answers on the detector's grids.
//
// The engine looks at the present with it and the backtest at the past, so
// that what a backtest promises of a rule is what the daemon would have said:
//
//	Base, See   which stretch of time a look sees      view.go
//	Resolve     where each signal's numbers come from  resolve.go
//	Read        one signal before and after            reading.go
//	atWork      the ticks that `only_if` leaves out    work.go
//	History     the ticks a profile is learned from    history.go
//
// It keeps nothing, decides nothing and asks no clock: the moment of a look
// is a parameter. What was answered, and what failed, is for the caller to
// remember.
package gather
