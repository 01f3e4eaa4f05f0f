package delta

import (
	"reflect"
	"slices"
)

// length reads the length of a slice; -1 is that of a nil one.
func (r *reader) length() int {
	n := r.uvarint()
	if n > maxMemory {
		r.fail(errTooLarge)
		return -1
	}
	return int(n) - 1
}

func (r *reader) floats(v reflect.Value) {
	if !v.IsValid() {
		r.length()
		r.skipRuns()
		return
	}
	at := floatsAt(v)
	*at = r.values(*at)
}

// values reads a slice of numbers. Numbers that are appended are appended in place, and
// nothing else of was is written: who has it keeps what it has.
func (r *reader) values(was []float64) []float64 {
	n := r.length()
	if n < 0 {
		r.skipRuns()
		return nil
	}
	if n < len(was) {
		was = slices.Clone(was[:n])
	}
	if !r.take(n-len(was), 8) {
		return nil
	}
	all := was
	if all == nil {
		all = []float64{}
	}
	r.runsInto(&all, len(was))
	if len(all) != n {
		r.fail(errBroken)
	}
	return all
}

// runsInto reads the runs of numbers into a slice that had so many.
func (r *reader) runsInto(all *[]float64, had int) {
	shared := true // the first had numbers are somebody else's too
	for at := 0; ; {
		n, before := r.run()
		if at += before; n == 0 || at > len(*all) {
			return
		}
		for ; n > 0; n-- {
			if at == len(*all) {
				*all = append(*all, r.number(expected(nil, *all, at)))
				at++
				continue
			}
			if shared && at < had {
				*all, shared = slices.Clone(*all), false
			}
			(*all)[at] = r.number((*all)[at])
			at++
		}
	}
}

// run reads the length of a run of numbers, 0 for none, and how many numbers before it
// stay as they are. Each number has a control byte, so that no run is longer than the rest.
func (r *reader) run() (n, before int) {
	n = int(min(r.uvarint(), maxMemory))
	if n > 0 {
		before = int(min(r.uvarint(), maxMemory))
	}
	if n > len(r.rest) {
		r.fail(errBroken)
		return 0, 0
	}
	return n, before
}

func (r *reader) skipRuns() {
	for {
		n, _ := r.run()
		if n == 0 {
			return
		}
		for range n {
			r.number(0)
		}
	}
}

// derived is a slice with a formula. Where it only grew, it is appended to.
func (r *reader) derived(was []float64, number func(i int) float64, n int) []float64 {
	kept := 0
	for kept < min(n, len(was)) && same(was[kept], number(kept)) {
		kept++
	}
	if kept < len(was) {
		was = slices.Clone(was[:kept])
	}
	if !r.take(n-kept, 8) {
		return nil
	}
	for i := kept; i < n; i++ {
		was = append(was, number(i))
	}
	return was
}
