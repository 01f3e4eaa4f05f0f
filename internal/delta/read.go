package delta

import (
	"errors"
	"reflect"
	"time"
)

// maxMemory bounds what one sequence may take in memory, in bytes.
const maxMemory = 256 << 20

var errTooLarge = errors.New("it claims to hold more than Pushback ever writes")

// reader applies what a writer wrote to a value. After an error everything that it reads
// is zero.
type reader struct {
	stream  // the control bytes
	numbers stream
	memory  int // bytes that may still be taken
}

func (r *reader) fail(err error) {
	r.stream.fail(err)
	r.numbers.fail(err)
}

// broken is the first error of either stream.
func (r *reader) broken() error {
	if r.numbers.err != nil {
		return r.numbers.err
	}
	return r.err
}

// take accounts for memory, and reports whether there is that much.
func (r *reader) take(n, size int) bool {
	if n < 0 || n > r.memory/max(size, 1) {
		r.fail(errTooLarge)
		return false
	}
	r.memory -= n * size
	return true
}

// get reads into v what put wrote. An invalid v is nowhere: the content is skipped.
func (r *reader) get(s *shape, v reflect.Value) {
	known := v.IsValid()
	switch s.kind {
	case boolKind:
		if is := r.byte() != 0; known {
			v.SetBool(is)
		}
	case intKind:
		if d := r.varint(); known {
			v.SetInt(v.Int() + d)
		}
	case floatKind:
		if !known {
			r.number(0)
			return
		}
		v.SetFloat(r.number(v.Float()))
	case textKind:
		if text := r.text(); known {
			v.SetString(text)
		}
	case timeKind:
		r.time(v)
	case floatsKind:
		r.floats(v)
	case sliceKind:
		r.slice(s, v)
	case ptrKind:
		r.pointer(s, v)
	default:
		r.structure(s, v)
	}
}

func (r *reader) time(v reflect.Value) {
	var was, now time.Time
	if v.IsValid() {
		was = v.Interface().(time.Time)
	}
	switch r.byte() {
	case noTime:
	case utcTime:
		now = time.Unix(0, nanoseconds(was)+r.varint()).UTC()
	case zoneTime:
		now = time.Unix(0, nanoseconds(was)+r.varint()).In(time.FixedZone("", int(r.varint())))
	case otherTime:
		now = time.Unix(r.varint(), r.varint()).UTC()
		if offset := r.varint(); offset != 0 {
			now = now.In(time.FixedZone("", int(offset)))
		}
	default:
		r.fail(errBroken)
	}
	if v.IsValid() {
		v.Set(reflect.ValueOf(now))
	}
}

func (r *reader) slice(s *shape, v reflect.Value) {
	n := r.length()
	if v.IsValid() && !r.resize(v, n) {
		return
	}
	for {
		i := r.uvarint()
		if i == 0 || r.err != nil {
			return
		}
		if i > uint64(max(n, 0)) {
			r.fail(errBroken)
			return
		}
		var element reflect.Value
		if v.IsValid() {
			element = v.Index(int(i) - 1)
		}
		r.get(s.elem, element)
	}
}

// resize gives a slice its new length, -1 for nil. What is added is zero.
func (r *reader) resize(v reflect.Value, n int) bool {
	switch {
	case n < 0:
		v.SetZero()
	case n != v.Len() || v.IsNil():
		if !r.take(n, int(v.Type().Elem().Size())) {
			return false
		}
		fresh := reflect.MakeSlice(v.Type(), n, n)
		reflect.Copy(fresh, v)
		v.Set(fresh)
	}
	return true
}

func (r *reader) pointer(s *shape, v reflect.Value) {
	switch r.byte() {
	case 0:
		if v.IsValid() {
			v.SetZero()
		}
		return
	case 1:
	default:
		r.fail(errBroken)
		return
	}
	if !v.IsValid() {
		r.get(s.elem, v)
		return
	}
	if v.IsNil() {
		if !r.take(1, int(v.Type().Elem().Size())) {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
	}
	r.get(s.elem, v.Elem())
}

func (r *reader) structure(s *shape, v reflect.Value) {
	next := 0 // the field whose turn it is
	for {
		i := int(min(r.uvarint(), maxFields+1))
		if r.err != nil || i > len(s.fields) || i > 0 && i <= next {
			r.fail(errBroken)
			return
		}
		end := i - 1
		if i == 0 {
			end = len(s.fields)
		}
		for ; next < end; next++ {
			r.derive(s, next, v)
		}
		if i == 0 {
			return
		}
		r.field(s, next, v)
		next++
	}
}

// place is where field i of a struct is read to; an invalid value is nowhere.
func (s *shape) place(i int, v reflect.Value) reflect.Value {
	if !v.IsValid() || s.fields[i].index < 0 {
		return reflect.Value{}
	}
	return v.Field(s.fields[i].index)
}

// field reads a field that is written.
func (r *reader) field(s *shape, i int, v reflect.Value) {
	f, at := s.fields[i], s.place(i, v)
	if f.formula == nil {
		r.get(f.shape, at)
		return
	}
	known := at.IsValid() && f.formula.readable(s)
	if f.shape.kind == floatKind {
		if !known {
			r.number(0)
			return
		}
		at.SetFloat(r.number(f.formula.number(s, v)))
		return
	}
	from := r.byte()
	switch {
	case !known:
		r.floats(reflect.Value{})
	case from == fromFormula:
		*floatsAt(at) = r.values(f.formula.numbers(s, v))
	case from == fromBefore:
		r.floats(at)
	default:
		r.fail(errBroken)
	}
}

// derive sets a field that is not written, if it has a formula.
func (r *reader) derive(s *shape, i int, v reflect.Value) {
	f, at := s.fields[i], s.place(i, v)
	if f.formula == nil || !at.IsValid() || !f.formula.readable(s) {
		return
	}
	if f.shape.kind == floatKind {
		at.SetFloat(f.formula.number(s, v))
		return
	}
	if numbers, n := f.formula.eachNumber(s, v); n > 0 {
		to := floatsAt(at)
		*to = r.derived(*to, numbers, n)
	}
}
