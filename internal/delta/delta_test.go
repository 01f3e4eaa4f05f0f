package delta

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

type sample struct {
	Name  string    `json:"name"`
	On    bool      `json:"on"`
	Count int       `json:"count"`
	Took  int64     `json:"took"`
	At    time.Time `json:"at"`
	Sum   total     `json:"sum"`
	Parts []part    `json:"parts"`
	Extra *part     `json:"extra,omitempty"`
	Notes []string  `json:"notes"`
}

type total struct {
	A float64 `json:"a"`
	B float64 `json:"b"`
	D float64 `json:"d"`
	R float64 `json:"r"`
}

type part struct {
	Value []float64 `json:"value"`
	Bad   []float64 `json:"bad"`
	Total []float64 `json:"total"`
	Gone  []int     `json:"gone"`
}

var formulas = map[string]string{"total.d": "b-a", "total.r": "b/a", "part.value": "bad/total"}

// drawn changes a sample as time does: numbers are appended, some are revised, fields come and go.
func drawn(r *rand.Rand, s sample) sample {
	s.Parts, s.Notes = slices.Clone(s.Parts), slices.Clone(s.Notes)
	for i := range s.Parts {
		s.Parts[i] = drawnPart(r, s.Parts[i])
	}
	switch r.IntN(8) {
	case 0:
		s.Parts = append(s.Parts, part{})
	case 1:
		s.Parts = s.Parts[:r.IntN(len(s.Parts)+1)]
	case 2:
		s.Parts = [][]part{nil, {}}[r.IntN(2)]
	case 3:
		s.Notes = append(s.Notes, fmt.Sprint("note ", r.IntN(3)))
	case 4:
		s.Notes = nil
	case 5:
		s.Extra = nil
	case 6:
		p := drawnPart(r, part{})
		if s.Extra != nil {
			p = drawnPart(r, *s.Extra)
		}
		s.Extra = &p
	}
	s.Name, s.On, s.Count, s.Took = []string{"", "a", "b\x00ü"}[r.IntN(3)], r.IntN(2) == 0, r.IntN(3)-1, r.Int64()-r.Int64()
	s.At = []time.Time{{}, time.Unix(0, r.Int64N(2e18)).UTC(), time.Unix(-9e10, 5).UTC(), time.Unix(r.Int64N(1e9), 0).In(time.FixedZone("", 3600*r.IntN(3)))}[r.IntN(4)]
	s.Sum = total{A: finite(number(r)), B: finite(number(r))}
	s.Sum.D, s.Sum.R = finite(s.Sum.B-s.Sum.A), finite(s.Sum.B/s.Sum.A)
	if r.IntN(3) == 0 {
		s.Sum.D, s.Sum.R = math.Nextafter(s.Sum.D, 1), finite(number(r))
	}
	return s
}

func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}

func drawnPart(r *rand.Rand, p part) part {
	p.Bad, p.Total, p.Value, p.Gone = slices.Clone(p.Bad), slices.Clone(p.Total), slices.Clone(p.Value), slices.Clone(p.Gone)
	for range r.IntN(3) {
		p.Bad, p.Total = append(p.Bad, number(r)), append(p.Total, float64(r.IntN(1000)))
	}
	if n := len(p.Bad); n > 0 && r.IntN(3) == 0 {
		p.Bad[r.IntN(n)] = number(r)
	}
	switch n := min(len(p.Bad), len(p.Total)); r.IntN(6) {
	case 0:
		p.Bad = p.Bad[:r.IntN(n+1)]
	case 1:
		p.Value = [][]float64{nil, {}, {1, 2}}[r.IntN(3)]
	case 2:
		p.Gone = append(p.Gone, r.IntN(100))
	default:
		p.Bad, p.Total, p.Value = p.Bad[:n], p.Total[:n], nil
		for i := range n {
			p.Value = append(p.Value, p.Bad[i]/p.Total[i])
		}
	}
	return p
}

// number is one of all kinds.
func number(r *rand.Rand) float64 {
	return []float64{
		0, math.Copysign(0, -1), 1, -1, 0.5, math.NaN(), math.Inf(1), math.Inf(-1), math.Pi, 1e-300, math.MaxFloat64, math.SmallestNonzeroFloat64,
		r.Float64(), -r.Float64(), r.NormFloat64(), float64(r.IntN(1e6)), float64(r.Int64()), math.Float64frombits(r.Uint64()),
	}[r.IntN(18)]
}

// written is a sequence of n samples, and its segments.
func written(t testing.TB, seed uint64, n int) (all []sample, segments [][]byte) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	q := New[sample](formulas).Sequence()
	var s sample
	for range n {
		s = drawn(r, s)
		all = append(all, s)
		packed, fresh, err := q.Append(&s)
		if err != nil {
			t.Fatal(err)
		}
		if fresh {
			segments = append(segments, nil)
		}
		segments[len(segments)-1] = packed
		if r.IntN(10) == 0 {
			q.Close()
		}
	}
	return all, segments
}

func read(segments [][]byte) (all []sample, err error) {
	q := New[sample](formulas).Sequence()
	for _, packed := range segments {
		if _, err := q.Read(packed, func(s sample) { all = append(all, s) }); err != nil {
			return all, err
		}
	}
	return all, nil
}

// text is a value with all bits of its numbers; every NaN is the same.
func text(v any) string { return strings.ReplaceAll(fmt.Sprintf("%#v", exact(reflect.ValueOf(v))), "Extra", "") }

func exact(v reflect.Value) any {
	switch {
	case v.Type() == timeType:
		at := v.Interface().(time.Time)
		_, offset := at.Zone()
		return fmt.Sprint(at.Unix(), at.Nanosecond(), offset)
	case v.Kind() == reflect.Float64:
		if f := v.Float(); f == f {
			return fmt.Sprintf("%x", math.Float64bits(f))
		}
		return "NaN"
	case (v.Kind() == reflect.Slice || v.Kind() == reflect.Pointer) && v.IsNil():
		return "nil"
	case v.Kind() == reflect.Pointer:
		return []any{exact(v.Elem())}
	case v.Kind() == reflect.Slice:
		all := []any{"slice"}
		for i := range v.Len() {
			all = append(all, exact(v.Index(i)))
		}
		return all
	case v.Kind() == reflect.Struct:
		var all []any
		for i := range v.NumField() {
			all = append(all, exact(v.Field(i)))
		}
		return all
	}
	return v.Interface()
}

func TestWhatIsReadIsWhatWasWritten(t *testing.T) {
	for seed := range uint64(300) {
		all, segments := written(t, seed, 40)
		got, err := read(segments)
		if err != nil || len(got) != len(all) {
			t.Fatalf("seed %d: %d of %d, %v", seed, len(got), len(all), err)
		}
		for i := range all {
			if text(got[i]) != text(all[i]) {
				t.Fatalf("seed %d, value %d:\n%s\n%s", seed, i, text(got[i]), text(all[i]))
			}
		}
	}
}

// TestContinued: a sequence that is read and appended to goes on as though nothing had been in
// between, also without its last value.
func TestContinued(t *testing.T) {
	for seed := range uint64(100) {
		all, segments := written(t, seed, 1+int(seed%20))
		without := int(seed % 2)
		q := New[sample](formulas).Sequence()
		for i, packed := range segments {
			but := 0
			if i == len(segments)-1 {
				but = without
			}
			if _, err := q.ReadBut(packed, but); err != nil {
				t.Fatal(seed, err)
			}
		}
		left := q.values
		last := sample{Name: "last", Parts: []part{{Bad: []float64{7}}}}
		packed, fresh, err := q.Append(&last)
		if err != nil || fresh != (left == 0) {
			t.Fatalf("seed %d: a new segment %v after %d, %v", seed, fresh, left, err)
		}
		if !fresh || without == 1 {
			segments = segments[:len(segments)-1]
		}
		got, err := read(append(segments, packed))
		if want := append(all[:len(all)-without], last); err != nil || text(got) != text(want) {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, text(got), text(want))
		}
	}
}

// TestAnotherType: a type that has got and lost fields reads what it still has, and is
// appended to by a segment that needs nothing before it.
func TestAnotherType(t *testing.T) {
	type newer struct {
		Fresh []float64 `json:"fresh"`
		Count string    `json:"count"` // was a number
		Parts []struct {
			Total []float64 `json:"total"`
		} `json:"parts"`
		Name string `json:"name"`
	}
	all, segments := written(t, 3, 30)
	q := New[newer](nil).Sequence()
	var got []newer
	for _, packed := range segments {
		if _, err := q.Read(packed, func(n newer) { got = append(got, n) }); err != nil {
			t.Fatal(err)
		}
	}
	for i, n := range got {
		if n.Name != all[i].Name || n.Count != "" || len(n.Parts) != len(all[i].Parts) {
			t.Fatalf("%d: %+v of %+v", i, n, all[i])
		}
		for k := range n.Parts {
			if text(n.Parts[k].Total) != text(all[i].Parts[k].Total) {
				t.Fatalf("%d: %v of %v", i, n.Parts[k].Total, all[i].Parts[k].Total)
			}
		}
	}
	packed, fresh, err := q.Append(&newer{Name: "x"})
	if err != nil || !fresh {
		t.Fatal(fresh, err)
	}
	if n, err := New[newer](nil).Sequence().Read(packed, nil); n != 1 || err != nil {
		t.Error(n, err)
	}
}

// TestDamageIsFound: whatever bit is changed, and wherever a segment is cut off.
func TestDamageIsFound(t *testing.T) {
	_, segments := written(t, 1, 3)
	whole := segments[0]
	for i := range whole {
		for _, broken := range [][]byte{whole[:i], append(append(slices.Clone(whole[:i]), whole[i]^1<<(i%8)), whole[i+1:]...)} {
			got, err := read([][]byte{broken})
			if want, _ := read([][]byte{whole}); err == nil && text(got) != text(want) {
				t.Fatalf("byte %d: %v", i, got)
			}
		}
	}
	all, segments := written(t, 2, 40)
	if len(segments) < 3 {
		t.Fatal("one segment only")
	}
	if got, err := read(segments[1:]); err == nil {
		t.Errorf("%d of %d without the first segment", len(got), len(all))
	}
}

// TestSizesAreBounded: a few bytes cannot take all memory.
func TestSizesAreBounded(t *testing.T) {
	c := New[sample](formulas)
	f := func(name string, control []byte, want error) {
		t.Helper()
		q := c.Sequence()
		q.Close()
		q.values, q.control = 1, control
		if _, err := c.Sequence().Read(Pack(q.segment()), nil); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("a slice of 2^30 structs", []byte{7, 0x80, 0x80, 0x80, 0x80, 4, 0, 0}, errTooLarge)
	f("a slice of 2^60 structs", []byte{7, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 0}, errTooLarge)
	f("a text of 2^30 bytes", []byte{1, 0x80, 0x80, 0x80, 0x80, 4}, errBroken)
	f("an unknown field", []byte{99, 0}, errBroken)
	f("fields in another order", []byte{2, 1, 1, 0, 0}, errBroken)
	f("nothing", []byte{}, errBroken)
	if _, err := Unpack(Pack(make([]byte, MaxUnpacked+1))); err == nil {
		t.Error("more than MaxUnpacked bytes were unpacked")
	}
}

// FuzzRead checks that no bytes make reading panic or take more memory than allowed, and that
// what can be read can be written again.
func FuzzRead(f *testing.F) {
	_, segments := written(f, 1, 5)
	for _, packed := range segments {
		b, err := Unpack(packed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	c := New[sample](formulas)
	c.memory = 1 << 20
	f.Fuzz(func(t *testing.T, b []byte) {
		var got []sample
		q := c.Sequence()
		if _, err := q.Read(Pack(b), func(s sample) { got = append(got, s) }); err != nil || len(got) > 1000 {
			return
		}
		again := c.Sequence()
		for i := range got {
			got[i].Sum = total{}
			if _, _, err := again.Append(&got[i]); err != nil {
				t.Fatal(err)
			}
			if text(again.Last()) != text(got[i]) {
				t.Fatalf("%s\n%s", text(again.Last()), text(got[i]))
			}
		}
	})
}

// TestReadValuesStay: a value that was read is not changed by what is read or appended later.
func TestReadValuesStay(t *testing.T) {
	all, segments := written(t, 9, 60)
	q := New[sample](formulas).Sequence()
	var got []sample
	for _, packed := range segments {
		if _, err := q.Read(packed, func(s sample) {
			if len(s.Parts) > 0 {
				_ = append(s.Parts[0].Total, 42) // must not be seen by the next one
			}
			got = append(got, s)
		}); err != nil {
			t.Fatal(err)
		}
	}
	if text(got) != text(all) {
		t.Error("values have changed")
	}
}

func TestPackIsSmall(t *testing.T) {
	b := bytes.Repeat([]byte(`{"signal":"errors","grade":"none"}`), 100)
	if n := len(Pack(b)); n > len(b)/20 {
		t.Errorf("%d bytes of %d", n, len(b))
	}
}

// TestSingleNumbersAreFinite: JSON could not show another. The sequence is as it was.
func TestSingleNumbersAreFinite(t *testing.T) {
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, sum := range []total{{A: x}, {R: x}} {
			q := New[sample](formulas).Sequence()
			if _, _, err := q.Append(&sample{Sum: sum}); !errors.Is(err, errNotFinite) {
				t.Errorf("%v: %v", sum, err)
			}
			packed, _, err := q.Append(&sample{Name: "x"})
			if got, reading := read([][]byte{packed}); err != nil || reading != nil || len(got) != 1 || got[0].Name != "x" {
				t.Errorf("%v: %v, %v", got, err, reading)
			}
		}
	}
}
