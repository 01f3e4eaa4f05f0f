package delta

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// How a number is written, given what it was expected to be. The code is in one stream and
// the bytes in another, because the codes compress well and the bytes hardly do.
const (
	asExpected byte = iota
	notANumber
	whole          // a varint: how far from the expected one, rounded
	near           // a varint: how many representable numbers from the expected one
	lowBytes       // + n, 0 < n ≤ 8: that many low bytes differ
	highBytes = 16 // + n, 0 ≤ n ≤ 8: that many high bytes are not zero
	lastCode  = 24
)

// mostWhole is up to where every whole number is a float.
const mostWhole = 1 << 53

// putNumber writes a number.
func (w *writer) putNumber(x, expected float64) {
	switch {
	case same(x, expected):
		w.control = append(w.control, asExpected)
	case x != x:
		w.control = append(w.control, notANumber)
	default:
		w.putBits(x, aNumber(expected))
	}
}

// aNumber is what a number is compared with where a NaN was expected, whose bits may be
// any.
func aNumber(expected float64) float64 {
	if expected != expected {
		return 0
	}
	return expected
}

// putBits writes a number in the shortest of all ways.
func (w *writer) putBits(x, expected float64) {
	b := math.Float64bits(x)
	low := (bits.Len64(b^math.Float64bits(expected)) + 7) / 8
	high := 8 - bits.TrailingZeros64(b)/8
	if b == 0 {
		high = 0
	}
	code, shortest := highBytes+byte(high), high
	if 0 < low && low < shortest {
		code, shortest = lowBytes+byte(low), low
	}
	var short [binary.MaxVarintLen64]byte
	try := func(as byte, d int64) {
		if n := binary.PutVarint(short[:], d); n < shortest {
			code, shortest = as, n
			w.short = append(w.short[:0], short[:n]...)
		}
	}
	if isWhole(x) {
		try(whole, int64(x)-rounded(expected))
	}
	try(near, int64(b-math.Float64bits(expected)))
	w.control = append(w.control, code)
	switch {
	case code == whole || code == near:
		w.numbers = append(w.numbers, w.short...)
	case code >= highBytes:
		w.numbers = appendBytes(w.numbers, b>>(64-8*high), high)
	default:
		w.numbers = appendBytes(w.numbers, b, low)
	}
}

// isWhole reports whether x is a whole number that an integer holds exactly. A negative
// zero is none.
func isWhole(x float64) bool {
	return math.Abs(x) < mostWhole && x == math.Trunc(x) && (x != 0 || !math.Signbit(x))
}

// rounded is the whole number nearest to what was expected; 0 where there is none.
func rounded(expected float64) int64 {
	if math.Abs(expected) < mostWhole {
		return int64(math.Round(expected))
	}
	return 0
}

func appendBytes(to []byte, b uint64, n int) []byte {
	for range n {
		to, b = append(to, byte(b)), b>>8
	}
	return to
}

// number reads what putNumber wrote.
func (r *reader) number(expected float64) float64 {
	code := r.byte()
	if code == asExpected {
		return expected
	}
	switch expected = aNumber(expected); {
	case code == notANumber:
		return math.NaN()
	case code == whole:
		return float64(rounded(expected) + r.numbers.varint())
	case code == near:
		return math.Float64frombits(math.Float64bits(expected) + uint64(r.numbers.varint()))
	case code > lowBytes && code <= lowBytes+8:
		n := int(code - lowBytes)
		return math.Float64frombits(math.Float64bits(expected)>>(8*n)<<(8*n) | r.numbers.bytes(n))
	case code >= highBytes && code <= lastCode:
		n := int(code - highBytes)
		return math.Float64frombits(r.numbers.bytes(n) << (64 - 8*n))
	}
	r.fail(errBroken)
	return 0
}
