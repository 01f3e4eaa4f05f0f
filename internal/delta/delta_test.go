package delta

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

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
