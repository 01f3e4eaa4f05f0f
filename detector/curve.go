package detector

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/pushback/pushback/detector/stats"
)

// Curve is a stored series, one value per tick, NaN where it is missing. It is rounded to a
// step that is small beside the series' moves from tick to tick, and written as differences:
// about nine bits per tick.
type Curve []float64

// finer is how many steps the median move from tick to tick has, where no step is given. A
// value is then off by at most half a step.
const finer = 128

// MarshalJSON writes a curve as a word of base64.
func (c Curve) MarshalJSON() ([]byte, error) {
	if c == nil {
		return []byte("null"), nil
	}
	return json.Marshal(base64.RawStdEncoding.EncodeToString(c.pack(c.step())))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Curve) UnmarshalJSON(b []byte) error {
	var word *string
	if err := json.Unmarshal(b, &word); err != nil {
		return err
	}
	if word == nil {
		*c = nil
		return nil
	}
	packed, err := base64.RawStdEncoding.DecodeString(*word)
	if err == nil {
		*c, err = unpackCurve(packed)
	}
	return err
}

// step is what values are rounded to: 0 where all are the same.
func (c Curve) step() float64 {
	moves, largest := make([]float64, 0, len(c)), 0.0
	last := math.NaN()
	for _, v := range c {
		if d := math.Abs(v - last); d > 0 {
			moves = append(moves, d)
		}
		if !math.IsNaN(v) {
			last, largest = v, max(largest, math.Abs(v))
		}
	}
	if len(moves) == 0 {
		return 0
	}
	return max(stats.MedianInPlace(moves)/finer, largest*0x1p-50)
}

// The packed form: how many values, the step, the first value, and in bits a
// symbol a value: 0 where it is missing, or else one more than the steps from
// the value before, the sign in the lowest bit. A symbol is written after Rice,
// its last bits plain and the rest as so many ones; too many ones stand for a
// symbol written whole.
const (
	curveHead  = 8 + 8 + 1
	escapeOnes = 24
	maxCurve   = 1 << 20 // values: more than a day of tenths of seconds
)

func (c Curve) pack(step float64) []byte {
	first := math.NaN()
	for _, v := range c {
		if !math.IsNaN(v) {
			first = v
			break
		}
	}
	symbols := c.symbols(step, first)
	plain := riceBits(symbols)
	b := binary.AppendUvarint(nil, uint64(len(c)))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(step))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(first))
	w := bitWriter{bytes: append(b, plain)}
	for _, s := range symbols {
		w.symbol(s, plain)
	}
	return w.bytes
}

// symbols round every value to a whole number of steps from the first, so that
// no error adds up.
func (c Curve) symbols(step, first float64) []uint64 {
	symbols, last := make([]uint64, len(c)), int64(0)
	for i, v := range c {
		if math.IsNaN(v) {
			continue
		}
		at := int64(0)
		if step > 0 {
			at = int64(math.Round((v - first) / step))
		}
		d := at - last
		symbols[i], last = uint64(d<<1^d>>63)+1, at
	}
	return symbols
}

// riceBits is how many bits of a symbol are written plain: those of the usual
// one.
func riceBits(symbols []uint64) byte {
	sorted := slices.Sorted(slices.Values(symbols))
	if len(sorted) == 0 {
		return 0
	}
	bits := byte(0)
	for usual := sorted[len(sorted)/2] / 2; usual > 0; usual /= 2 {
		bits++
	}
	return bits
}

func unpackCurve(b []byte) (Curve, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > maxCurve || len(b) < size+curveHead || n > 8*uint64(len(b)) {
		return nil, fmt.Errorf("a curve of %d bytes is not whole", len(b))
	}
	b = b[size:]
	step, first := math.Float64frombits(binary.LittleEndian.Uint64(b)), math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))
	r, plain := bitReader{bytes: b[curveHead:]}, min(b[curveHead-1], 63)
	c, at := make(Curve, n), int64(0)
	for i := range c {
		s, ok := r.symbol(plain)
		if !ok {
			return nil, fmt.Errorf("a curve of %d values ends after %d", n, i)
		}
		if s == 0 {
			c[i] = math.NaN()
			continue
		}
		at += int64((s-1)>>1) ^ -int64((s-1)&1)
		c[i] = first + step*float64(at)
	}
	return c, nil
}

// bitWriter writes bits, the first into the lowest bit of a byte.
type bitWriter struct {
	bytes []byte
	free  uint // of the last byte
}

func (w *bitWriter) bits(v uint64, n byte) {
	for ; n > 0; n-- {
		if w.free == 0 {
			w.bytes, w.free = append(w.bytes, 0), 8
		}
		w.bytes[len(w.bytes)-1] |= byte(v&1) << (8 - w.free)
		v >>= 1
		w.free--
	}
}

func (w *bitWriter) symbol(s uint64, plain byte) {
	if s>>plain >= escapeOnes {
		w.bits(1<<escapeOnes-1, escapeOnes)
		w.bits(s, 64)
		return
	}
	ones := byte(s >> plain)
	w.bits(1<<ones-1, ones+1)
	w.bits(s, plain)
}

type bitReader struct {
	bytes []byte
	at    int // the next bit
}

func (r *bitReader) bit() (uint64, bool) {
	if r.at>>3 >= len(r.bytes) {
		return 0, false
	}
	b := uint64(r.bytes[r.at>>3]>>(r.at&7)) & 1
	r.at++
	return b, true
}

func (r *bitReader) bits(n byte) (v uint64, ok bool) {
	for i := range n {
		b, ok := r.bit()
		if !ok {
			return 0, false
		}
		v |= b << i
	}
	return v, true
}

func (r *bitReader) symbol(plain byte) (uint64, bool) {
	for ones := uint64(0); ; ones++ {
		if ones == escapeOnes {
			return r.bits(64)
		}
		b, ok := r.bit()
		if !ok {
			return 0, false
		}
		if b == 0 {
			v, ok := r.bits(plain)
			return ones<<plain | v, ok
		}
	}
}
