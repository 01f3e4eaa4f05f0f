package scale

import "fmt"

// ceiling is the most that something may cost. Only counts have ceilings: they hardly depend on
// the machine, or on what else runs on it.
//
// See adr/0097.
type ceiling struct {
	what string
	most float64
	of   func(Sample) float64
}

// lookCeilings hold where profiles were learned before. They are two to three times what 200
// watches cost: few watches share few questions.
var lookCeilings = []ceiling{
	{"requests to the metric store a look", 10, func(s Sample) float64 { return s.aLook(float64(s.Asked.Requests)) }},
	{"KiB from the metric store a look", 50, func(s Sample) float64 { return s.aLook(float64(s.Asked.Bytes)) / 1024 }},
	{"allocations a look", 20_000, func(s Sample) float64 { return s.aLook(s.Allocations) }},
	{"KiB written a look", 60, func(s Sample) float64 { return s.aLook(s.Written) / 1024 }},
	{"KiB by which the database grows a look", 6, func(s Sample) float64 { return s.aLook(float64(s.Growth)) / 1024 }},
}

// mostStatements is the most that PostgreSQL may carry out an event that is stored alone, the
// jobs beside it included: 14 are. How many share a group depends on the disk: the faster it is,
// the smaller are the groups. What a group of many costs is held by the store's own tests.
const mostStatements = 20

// Violations are the ceilings that were exceeded, each with what and by how much.
func (r Report) Violations() (all []string) {
	for _, w := range r.Watches {
		if w.Learned == nil {
			continue
		}
		for _, c := range lookCeilings {
			if n := c.of(*w.Learned); n > c.most {
				all = append(all, fmt.Sprintf("%d watches on %s: %.1f %s, at most %.0f", w.Size, w.Dialect, n, c.what, c.most))
			}
		}
		if w.Learned.Failed > 0 {
			all = append(all, fmt.Sprintf("%d watches on %s: %d looks failed", w.Size, w.Dialect, w.Learned.Failed))
		}
		if w.Busy != nil && w.Busy.Breach.Called < w.Busy.Breach.Broken {
			all = append(all, fmt.Sprintf("%d watches on %s: %s", w.Size, w.Dialect, w.Busy.Breach))
		}
	}
	for _, i := range r.Intake {
		if i.Refused > 0 {
			all = append(all, fmt.Sprintf("intake of %d slots on %s: %d events were refused", i.Services, i.Dialect, i.Refused))
		}
		if n := i.Statements / float64(max(i.Accepted, 1)); n > mostStatements {
			all = append(all, fmt.Sprintf("intake of %d slots on %s: %.1f statements an event, at most %d", i.Services, i.Dialect, n, mostStatements))
		}
	}
	return all
}
