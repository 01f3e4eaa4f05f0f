// Package gather asks a metric store what one look at a change needs to know,
// and puts the answers on the detector's grids.
//
// The engine uses it for the present and the backtest for the past, so that a backtest says
// what the daemon would have said:
//
//	Gatherer    a whole observation for a watch        gatherer.go
//	ViewAt      which stretch of time a look covers    view.go
//	Resolve     where each signal's numbers come from  resolve.go
//	Read        one signal before and after            reading.go
//	Before      what was before, kept for all looks    before.go
//	Merged      one question for many services         merge.go, batch.go
//	Bounded     as many at once as a store takes       bounded.go
//	History     the ticks a profile is learned from    history.go
//
// It decides nothing. Apart from the Gatherer, which keeps what was before for open watches and
// shares questions and answers, it keeps nothing and asks no clock: the moment of a look is a parameter.
package gather
