package delta

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"time"
)

// writer writes values as what differs from the ones before.
type writer struct {
	control []byte // which fields differ, and what is no floating-point number
	numbers []byte // the bytes of floating-point numbers
	short   []byte // scratch
	err     error
}

// errNotFinite is of a single number that is infinite or none. Slices may have such ones,
// which are gaps; a single one is a mistake, and JSON could not show it.
var errNotFinite = errors.New("a number is infinite or no number")

// put writes what is different in now, and reports whether anything is. What it has
// written then is complete all the same, and the caller may take it back.
func (w *writer) put(s *shape, was, now reflect.Value) (differs bool) {
	switch s.kind {
	case boolKind:
		w.control = append(w.control, map[bool]byte{true: 1}[now.Bool()])
		return was.Bool() != now.Bool()
	case intKind:
		w.control = binary.AppendVarint(w.control, now.Int()-was.Int())
		return was.Int() != now.Int()
	case floatKind:
		w.check(now.Float())
		w.putNumber(now.Float(), was.Float())
		return !same(now.Float(), was.Float())
	case textKind:
		w.putText(now.String())
		return was.String() != now.String()
	case timeKind:
		return w.putTime(was.Interface().(time.Time), now.Interface().(time.Time))
	case floatsKind:
		return w.putNumbers(floatsOf(was), floatsOf(now)) || was.IsNil() != now.IsNil()
	case sliceKind:
		return w.putSlice(s, was, now)
	case ptrKind:
		return w.putPointer(s, was, now)
	}
	return w.putStruct(s, was, now)
}

func (w *writer) check(x float64) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		w.err = errNotFinite
	}
}

func (w *writer) putText(text string) {
	w.control = binary.AppendUvarint(w.control, uint64(len(text)))
	w.control = append(w.control, text...)
}

// How a time is written.
const (
	noTime    byte = iota
	utcTime        // nanoseconds since the time before
	zoneTime       // the same, and seconds east of UTC
	otherTime      // seconds and nanoseconds: too far from now for the others
)

// putTime writes a time and the offset of its zone. Where none was before, it counts from
// 1970.
func (w *writer) putTime(was, now time.Time) (differs bool) {
	_, offset := now.Zone()
	_, before := was.Zone()
	switch {
	case now.IsZero():
		w.control = append(w.control, noTime)
	case !inNanoseconds(now):
		w.control = binary.AppendVarint(append(w.control, otherTime), now.Unix())
		w.control = binary.AppendVarint(w.control, int64(now.Nanosecond()))
		w.control = binary.AppendVarint(w.control, int64(offset))
	case offset != 0:
		w.control = binary.AppendVarint(append(w.control, zoneTime), now.UnixNano()-nanoseconds(was))
		w.control = binary.AppendVarint(w.control, int64(offset))
	default:
		w.control = binary.AppendVarint(append(w.control, utcTime), now.UnixNano()-nanoseconds(was))
	}
	return !was.Equal(now) || before != offset
}

func inNanoseconds(t time.Time) bool { return t.Year() > 1700 && t.Year() < 2200 }

// nanoseconds is what the next time counts from.
func nanoseconds(was time.Time) int64 {
	if inNanoseconds(was) {
		return was.UnixNano()
	}
	return 0
}

// putNumbers writes a slice of numbers: its length, and the runs of numbers that differ.
// Each run is its length, how many equal ones come before it, and its numbers.
func (w *writer) putNumbers(was, now []float64) (differs bool) {
	w.putLength(len(now), now == nil)
	for i := 0; ; {
		start := i
		for start < len(now) && start < len(was) && same(was[start], now[start]) {
			start++
		}
		end := start
		for end < len(now) && (end >= len(was) || !same(was[end], now[end])) {
			end++
		}
		w.control = binary.AppendUvarint(w.control, uint64(end-start))
		if end == start {
			return differs || len(was) != len(now)
		}
		w.control = binary.AppendUvarint(w.control, uint64(start-i))
		for k := start; k < end; k++ {
			w.putNumber(now[k], expected(was, now, k))
		}
		i, differs = end, true
	}
}

// expected is what a number of a slice is compared with: the one that was there, or else
// the one before it in the slice.
func expected(was, now []float64, i int) float64 {
	switch {
	case i < len(was):
		return was[i]
	case i > 0:
		return now[i-1]
	}
	return 0
}

// putLength writes the length of a slice. A nil slice is another than an empty one.
func (w *writer) putLength(n int, missing bool) {
	if missing {
		n = -1
	}
	w.control = binary.AppendUvarint(w.control, uint64(n+1))
}

// putSlice writes the length of a slice, and the elements that differ, each behind its
// number from 1.
func (w *writer) putSlice(s *shape, was, now reflect.Value) (differs bool) {
	w.putLength(now.Len(), now.IsNil())
	differs = was.IsNil() != now.IsNil() || was.Len() != now.Len()
	zero := reflect.Zero(s.elem.typ)
	for i := range now.Len() {
		before := zero
		if i < was.Len() {
			before = was.Index(i)
		}
		differs = w.putIfDiffers(uint64(i)+1, func() bool { return w.put(s.elem, before, now.Index(i)) }) || differs
	}
	w.control = append(w.control, 0)
	return differs
}

// putIfDiffers writes a number and what put writes behind it, unless put says that
// nothing differs.
func (w *writer) putIfDiffers(number uint64, put func() bool) bool {
	control, numbers := len(w.control), len(w.numbers)
	w.control = binary.AppendUvarint(w.control, number)
	if put() {
		return true
	}
	w.control, w.numbers = w.control[:control], w.numbers[:numbers]
	return false
}

func (w *writer) putPointer(s *shape, was, now reflect.Value) (differs bool) {
	if now.IsNil() {
		w.control = append(w.control, 0)
		return !was.IsNil()
	}
	w.control = append(w.control, 1)
	if was.IsNil() {
		w.put(s.elem, reflect.Zero(s.elem.typ), now.Elem())
		return true
	}
	return w.put(s.elem, was.Elem(), now.Elem())
}

// putStruct writes the fields that differ, each behind its number from 1. A field with a
// formula is written where it differs from that.
func (w *writer) putStruct(s *shape, was, now reflect.Value) (differs bool) {
	for i, f := range s.fields {
		before, after := was.Field(f.index), now.Field(f.index)
		if f.formula != nil {
			differs = w.putDerived(s, i, before, now) || differs
			continue
		}
		differs = w.putIfDiffers(uint64(i)+1, func() bool { return w.put(f.shape, before, after) }) || differs
	}
	w.control = append(w.control, 0)
	return differs
}

// How a slice with a formula is written.
const (
	fromFormula byte = iota
	fromBefore
)

// putDerived writes field i of a struct, which has a formula, and reports whether it
// differs from what it was.
func (w *writer) putDerived(s *shape, i int, before, now reflect.Value) (differs bool) {
	f := s.fields[i]
	after := now.Field(f.index)
	if f.shape.kind == floatKind {
		w.check(after.Float())
		expected := f.formula.number(s, now)
		w.putIfDiffers(uint64(i)+1, func() bool {
			w.putNumber(after.Float(), expected)
			return !same(after.Float(), expected)
		})
		return !same(after.Float(), before.Float())
	}
	was, values := floatsOf(before), floatsOf(after)
	if computed := f.formula.numbers(s, now); len(computed) > 0 {
		w.putIfDiffers(uint64(i)+1, func() bool {
			w.control = append(w.control, fromFormula)
			return w.putNumbers(computed, values)
		})
		return differ(was, values)
	}
	return w.putIfDiffers(uint64(i)+1, func() bool {
		w.control = append(w.control, fromBefore)
		return w.putNumbers(was, values) || (was == nil) != (values == nil)
	})
}

func differ(was, now []float64) bool {
	if len(was) != len(now) || (was == nil) != (now == nil) {
		return true
	}
	for i := range now {
		if !same(was[i], now[i]) {
			return true
		}
	}
	return false
}
