package reliability

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
)

// suite is a kind of fault, and the planted bugs that it must find.
type suite struct {
	name string
	run  func(ctx context.Context, w World, p program) (Outcome, error)
	bugs []bug
}

// bug is a planted bug, and the part of the suite that finds it.
type bug struct {
	plant *plant
	run   func(ctx context.Context, w World, p program) (Outcome, error)
}

// suites are all suites, in the order of the report.
func suites(o Options) []suite {
	return []suite{
		{"kills", kills(o.Kills, o.Lanes, 75*time.Second+time.Duration(o.Kills)*50*time.Millisecond), []bug{
			{&ackBeforeCommit, kills(8, 2, 15*time.Second, crashpoint.BeforeEvent)},
			{&noEpochCheck, kills(12, 2, 15*time.Second, crashpoint.AfterOutcome)},
			{&sendTwice, kills(16, 2, 15*time.Second, duringCall, crashpoint.AfterSend)},
			{&retriesLate, kills(8, 2, 15*time.Second, crashpoint.AfterOutcome)},
			{&oneSlotForFlags, kills(4, 2, 15*time.Second, crashpoint.AfterOutcome)},
		}},
		{"versions", versions(), []bug{
			{&forgetsRollback, versions()},
			{&judgesEcho, versions()},
		}},
		{"replica-pairs", replicas(sparing, 8, 4, time.Minute, anyTime), []bug{
			{&sendsWithoutLease, replicas(sparing, 4, 2, 40*time.Second, anyTime)},
		}},
		{"replica-kills", replicas(killing, o.Kills, o.Lanes, 2*time.Minute), []bug{
			{&neverTakesOver, replicas(killing, 8, 2, 40*time.Second, crashpoint.AfterClaim, crashpoint.AfterSend)},
			{&sendTwice, replicas(killing, 8, 2, 40*time.Second, duringCall, crashpoint.AfterSend)},
		}},
		{"replica-freezes", replicas(freezing, o.Freezes, freezeLanes, 2*time.Minute), []bug{
			{&believesItsLease, replicas(freezing, 12, 6, 40*time.Second, crashpoint.BeforeSend)},
			{&losesSilently, replicas(freezing, 6, 3, 40*time.Second, duringCall)},
			{&keepsLocks, replicas(freezing, 12, 6, 40*time.Second, crashpoint.BeforeOutcome)},
		}},
		{"replica-backends", replicas(terminating, o.Kills/2, 4, time.Minute), []bug{
			{&forgetsOutcome, replicas(terminating, 12, 4, 20*time.Second, crashpoint.BeforeOutcome)},
		}},
		{"sync", syncs(8, 30), []bug{
			{&ackBeforeCommit, syncs(4, 10)},
			{&unsynced, syncs(4, 10)},
		}},
		{"disk", disks(diskFaults(), 10*time.Second, time.Minute), []bug{
			{&ackBeforeCommit, disks(diskFaults()[:1], 3*time.Second, 10*time.Second)},
			{&sendBeforeIntent, disks(diskFaults()[2:3], 5*time.Second, 20*time.Second)},
			{&forgetsOutcome, disks(diskFaults()[3:4], 3*time.Second, 20*time.Second)},
		}},
		{"outages", outages(outageModes(), 90*time.Second, 75*time.Second), []bug{
			{&blindIsBad, outages(outageModes()[:4], time.Minute, 20*time.Second)},
			{&oneHoldsAll, outages(outageModes()[:1], 45*time.Second, 40*time.Second)},
			{&toldByWatch, outages(outageModes()[2:4], 75*time.Second, 60*time.Second)},
		}},
	}
}

// SuiteNames are the names of all suites.
func SuiteNames() (names []string) {
	for _, s := range suites(Options{}) {
		names = append(names, s.name)
	}
	return names
}

func kills(n, lanes int, patience time.Duration, only ...killPoint) func(context.Context, World, program) (Outcome, error) {
	return func(ctx context.Context, w World, p program) (Outcome, error) {
		s := &killSuite{World: w, kills: n, lanes: lanes, only: only, patience: patience, shipped: p.shipped, armed: p.armed}
		killed, violations, err := s.run(ctx)
		o := Outcome{Head: []string{"killed", "times"}, Violations: violations}
		for _, m := range append(slices.Clone(killPoints), anyTime, notReached) {
			if killed[m] > 0 {
				o.Rows = append(o.Rows, []string{string(m), fmt.Sprint(killed[m])})
			}
		}
		return o, err
	}
}

func versions() func(context.Context, World, program) (Outcome, error) {
	return func(ctx context.Context, w World, p program) (Outcome, error) {
		return (&versionSuite{World: w, binary: p.shipped}).run(ctx)
	}
}

// freezeLanes is how many pairs are frozen at the same time, which is mostly waiting.
const freezeLanes = 10

func replicas(what injury, times, lanes int, patience time.Duration, only ...killPoint) func(context.Context, World, program) (Outcome, error) {
	return func(ctx context.Context, w World, p program) (Outcome, error) {
		s := &replicaSuite{World: w, injury: what, times: times, lanes: min(lanes, max(times, 1)), only: only, patience: patience, shipped: p.shipped, armed: p.armed}
		done, violations, err := s.run(ctx)
		o := Outcome{Head: []string{string(what), "times"}, Violations: violations}
		for _, m := range append(slices.Clone(killPoints), anyTime, notReached) {
			if done[m] > 0 {
				o.Rows = append(o.Rows, []string{string(m), fmt.Sprint(done[m])})
			}
		}
		return o, err
	}
}

func syncs(senders, events int) func(context.Context, World, program) (Outcome, error) {
	return func(ctx context.Context, w World, p program) (Outcome, error) {
		return (&syncSuite{World: w, binary: p.shipped, senders: senders, events: events}).run(ctx)
	}
}

func disks(faults []fault, lasts, patience time.Duration) func(context.Context, World, program) (Outcome, error) {
	return func(ctx context.Context, w World, p program) (Outcome, error) {
		return (&diskSuite{World: w, binary: p.shipped, faults: faults, lasts: lasts, patience: patience}).run(ctx)
	}
}

func outages(modes []outageMode, bake, lasts time.Duration) func(context.Context, World, program) (Outcome, error) {
	return func(ctx context.Context, w World, p program) (Outcome, error) {
		w.Shop = newShop(time.Now().Add(-shopPast)) // its services have the names of those of the outages beside it, and go bad at another time
		s := &outageSuite{World: w, binary: p.shipped, modes: modes, bake: bake, lasts: lasts}
		seen, violations, err := s.run(ctx)
		o := Outcome{Head: []string{"the store", "rollbacks", "notified", "after", "watch from before", "watch from during"}, Violations: violations}
		for _, m := range append(slices.Clone(modes), outageMode{name: control, what: "does not fail; its second change is bad"}) {
			v := seen[m.name]
			after := "–"
			if len(v.notified) > 0 {
				after = v.first().Round(time.Second).String()
			} else if len(v.rollbacks) > 0 {
				after = "rolled back after " + v.rollbacks[0].Round(time.Second).String()
			}
			o.Rows = append(o.Rows, []string{m.what, fmt.Sprint(len(v.rollbacks)), fmt.Sprint(len(v.notified)), after, v.states["well"], v.states["blind"]})
		}
		return o, err
	}
}
