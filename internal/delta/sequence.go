package delta

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// Codec stores sequences of values of type T. It may be used by several goroutines.
type Codec[T any] struct {
	shape  *shape
	schema string
	memory int // that reading a sequence may take, in bytes
}

// New makes a codec. A formula says of a field, named Type.field by its name in JSON, what
// it mostly is: "Effect.difference": "after-forecast".
func New[T any](formulas map[string]string) *Codec[T] {
	s := shapeOf(reflect.TypeFor[T](), formulas)
	return &Codec[T]{shape: s, schema: s.schema(), memory: maxMemory}
}

// Sequence is a stored sequence, read up to a segment. The zero value of its state is that
// before the first one.
type Sequence[T any] struct {
	codec   *Codec[T]
	shape   *shape // as the segments say
	schema  string // "" before the first segment
	state   T      // the last value that was read
	memory  int
	values  int    // in the last segment
	start   bool   // the last segment is the first one
	begun   bool   // there is a value
	control []byte // of the last segment
	numbers []byte
}

// Sequence is an empty sequence.
func (c *Codec[T]) Sequence() *Sequence[T] { return &Sequence[T]{codec: c, memory: c.memory} }

// SegmentSize is the packed size in bytes from which on a segment gets no more values: the
// last one is written again with each value.
const SegmentSize = 6 << 10

// version is the first byte of a segment that needs the one before it; the first segment
// of a sequence has firstVersion.
const (
	version      = 1
	firstVersion = 2
)

var errVersion = errors.New("it has the form of a newer version of Pushback")

// Read reads the next segment, and calls each, if it is not nil, with every value in it.
// The slices of numbers of a value share memory with those of later ones; none may be written to.
// It returns the number of values. What is in segments that were read before stays readable after an error,
// but nothing can be appended.
func (q *Sequence[T]) Read(packed []byte, each func(T)) (int, error) { return q.read(packed, 0, each) }

// ReadBut is Read without the last values of the segment, as though it had never had them.
// It returns how many are left.
func (q *Sequence[T]) ReadBut(packed []byte, last int) (int, error) { return q.read(packed, last, nil) }

func (q *Sequence[T]) read(packed []byte, without int, each func(T)) (int, error) {
	b, err := Unpack(packed)
	if err != nil {
		return 0, err
	}
	head := newStream(b)
	if err := q.begin(&head); err != nil {
		return 0, err
	}
	n, size := int(min(head.uvarint(), maxMemory)), head.uvarint()
	if head.err != nil || size > uint64(len(head.rest)) || uint64(n) > size {
		return 0, errBroken
	}
	r := reader{stream: newStream(head.rest[:size]), numbers: newStream(head.rest[size:]), memory: q.memory}
	v := reflect.ValueOf(&q.state).Elem()
	for range n - without {
		r.get(q.shape, v)
		if err := r.broken(); err != nil {
			return 0, err
		}
		if each == nil {
			continue
		}
		if !r.take(1, sizeOf(v, false)) {
			return 0, errTooLarge
		}
		each(snapshot(v).Interface().(T))
	}
	if without == 0 && len(r.rest)+len(r.numbers.rest) > 0 {
		return 0, errBroken
	}
	q.memory, q.values, q.begun = r.memory, max(n-without, 0), true
	q.control = slices.Clone(head.rest[:int(size)-len(r.rest)])
	q.numbers = slices.Clone(head.rest[size : len(head.rest)-len(r.numbers.rest)])
	switch {
	case without == 0 && len(packed) >= SegmentSize:
		q.values = 0 // it is full
	case q.start && q.values == 0:
		*q = Sequence[T]{codec: q.codec, memory: r.memory}
	}
	return max(n-without, 0), nil
}

// begin reads what a segment says of itself.
func (q *Sequence[T]) begin(head *stream) error {
	switch q.start = false; head.byte() {
	case version:
		if q.schema == "" {
			return errors.New("the part before it is missing")
		}
		return nil
	case firstVersion:
	default:
		return errVersion
	}
	*q = Sequence[T]{codec: q.codec, memory: q.memory, start: true, schema: head.text()}
	if head.err != nil {
		return head.err
	}
	if q.schema == q.codec.schema {
		q.shape = q.codec.shape
		return nil
	}
	s, err := parseSchema(q.schema)
	if err != nil {
		return err
	}
	if !s.bind(q.codec.shape) {
		return errSchema
	}
	q.shape = s
	return nil
}

// Last is the value that was read last.
func (q *Sequence[T]) Last() T { return snapshot(reflect.ValueOf(&q.state).Elem()).Interface().(T) }

// Append adds a value, unless a single number of it is infinite or none. It returns the segment that has it, packed: a new one where fresh,
// and otherwise the last one, which it replaces.
func (q *Sequence[T]) Append(v *T) (packed []byte, fresh bool, err error) {
	if fresh, err = q.Add(v); err != nil {
		return nil, fresh, err
	}
	packed = Pack(q.segment())
	if len(packed) >= SegmentSize {
		q.values = 0
	}
	return packed, fresh, nil
}

// Add is Append without packing: for a value that is stored already.
func (q *Sequence[T]) Add(v *T) (fresh bool, err error) {
	if fresh = q.values == 0 || q.schema != q.codec.schema; fresh {
		q.Close()
	}
	w := writer{control: q.control, numbers: q.numbers}
	w.put(q.codec.shape, reflect.ValueOf(&q.state).Elem(), reflect.ValueOf(v).Elem())
	if w.err != nil {
		return fresh, w.err
	}
	r := reader{stream: newStream(w.control[len(q.control):]), numbers: newStream(w.numbers[len(q.numbers):]), memory: q.memory}
	r.get(q.codec.shape, reflect.ValueOf(&q.state).Elem())
	if err := r.broken(); err != nil {
		return fresh, fmt.Errorf("what was written cannot be read: %w", err)
	}
	q.control, q.numbers, q.memory = w.control, w.numbers, r.memory
	q.values, q.begun = q.values+1, true
	return fresh, nil
}

// Clone is a copy that is appended to independently.
func (q *Sequence[T]) Clone() *Sequence[T] {
	c := *q
	c.state, c.control, c.numbers = q.Last(), slices.Clip(q.control), slices.Clip(q.numbers)
	return &c
}

// Size is about how much memory the sequence takes, in bytes.
func (q *Sequence[T]) Size() int {
	v := reflect.ValueOf(&q.state).Elem()
	return int(v.Type().Size()) + sizeOf(v, true) + len(q.control) + len(q.numbers)
}

// Close ends the last segment: the next value begins a new one. Where the type has other
// fields than the sequence, that one begins anew and needs nothing before it.
func (q *Sequence[T]) Close() {
	if q.schema != q.codec.schema {
		*q = Sequence[T]{codec: q.codec, memory: q.memory, schema: q.codec.schema, shape: q.codec.shape}
	}
	q.values, q.control, q.numbers, q.start = 0, nil, nil, !q.begun
}

// segment is the last segment, not packed.
func (q *Sequence[T]) segment() []byte {
	b := make([]byte, 0, len(q.control)+len(q.numbers)+64)
	if b = append(b, version); q.start {
		b[0] = firstVersion
		b = append(binary.AppendUvarint(b, uint64(len(q.schema))), q.schema...)
	}
	b = binary.AppendUvarint(b, uint64(q.values))
	b = binary.AppendUvarint(b, uint64(len(q.control)))
	b = append(b, q.control...)
	return append(b, q.numbers...)
}

// snapshot copies a value, which then stays as it is when more is read. Slices of numbers
// are shared, and nothing can be appended to them in place.
func snapshot(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	freeze(c)
	return c
}

func freeze(v reflect.Value) {
	switch {
	case v.Type() == timeType:
	case v.Kind() == reflect.Pointer && !v.IsNil():
		v.Set(snapshot(v.Elem()).Addr())
	case v.Kind() == reflect.Slice && !v.IsNil():
		if v.Type().Elem().Kind() == reflect.Float64 {
			v.Set(v.Slice3(0, v.Len(), v.Len()))
			return
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		v.Set(c)
		for i := range v.Len() {
			freeze(v.Index(i))
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			freeze(v.Field(i))
		}
	}
}

// sizeOf is about how much memory a snapshot of a value takes, in bytes, with or without
// its numbers, which it may share with others.
func sizeOf(v reflect.Value, numbers bool) (n int) {
	switch {
	case v.Type() == timeType:
	case v.Kind() == reflect.Pointer && !v.IsNil():
		n = int(v.Type().Elem().Size()) + sizeOf(v.Elem(), numbers)
	case v.Kind() == reflect.String:
		n = v.Len()
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Float64:
		if numbers {
			n = 8 * v.Len()
		}
	case v.Kind() == reflect.Slice:
		n = v.Len() * int(v.Type().Elem().Size())
		for i := range v.Len() {
			n += sizeOf(v.Index(i), numbers)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			n += sizeOf(v.Field(i), numbers)
		}
	}
	return n
}
