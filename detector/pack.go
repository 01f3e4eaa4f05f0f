package detector

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"
)

// packedOrder is how many order statistics of G a packed scan keeps: p over
// tailShare is then right to half a percent, and under it as it was.
const packedOrder = 128

// packedDigits are those of every number but the curves': p moves by less than
// a part in a million.
const packedDigits = 8

// KeptSize bounds a packed profile, in bytes: a thousand signals take four
// megabytes.
const KeptSize = 4 << 10

// Pack writes a profile as it is kept: KeptSize at most, however long the
// history was. Judging by what Unpack gives is the same at every look, and next
// to the same as judging by the profile itself. Where the past would not fit, it
// is kept for as many hours after the profile's end as do; a later change is
// judged by a scan that needs none.
//
// See adr/0021.
func (k Profile) Pack() ([]byte, error) {
	k.Higher, k.Lower, k.Past = thinOrderStatistics(k.Higher), thinOrderStatistics(k.Lower), k.roundedPast()
	packed, err := k.pack()
	if err != nil || len(packed) <= KeptSize {
		return packed, err
	}
	whole := k.Past
	k.Past = nil
	packed, err = k.pack()
	for fits, exceeds := 0.0, 1.0; err == nil && exceeds-fits > pastGrain; {
		share := (fits + exceeds) / 2
		k.Past = shortened(whole, share)
		var more []byte
		if more, err = k.pack(); len(more) <= KeptSize {
			packed, fits = more, share
		} else {
			exceeds = share
		}
	}
	return packed, err
}

// roundedPast is the past with a rounding step that no scan notices: an error of the
// forecast moves g by itself over σ and a length's mean excess, and ln p by that over β.
func (k Profile) roundedPast() []Past {
	past, finest := slices.Clone(k.Past), math.Inf(+1)
	for _, s := range slices.Concat(k.Higher, k.Lower) {
		if len(s.Periods) == 0 || s.constant() {
			continue
		}
		for _, t := range s.Lengths {
			finest = min(finest, s.Scale*t.Excess*s.Excess)
		}
	}
	for i := range past {
		if !math.IsInf(finest, 0) {
			past[i].Step = pastError * finest
		}
	}
	return past
}

// pastError is what p may be off by, as a share of it, where the whole past is
// wrong by a whole step in the same direction. Rounding is wrong by half a step
// at most, to either side.
const pastError = 0.012

// pastGrain is how closely the longest past that fits is searched for.
const pastGrain = 0.02

// shortened keeps a share of every past, from its beginning.
func shortened(whole []Past, share float64) []Past {
	short := slices.Clone(whole)
	for i, p := range short {
		n := int(share * float64(len(p.Smooth)))
		short[i].Smooth, short[i].Typical = firstValues(p.Smooth, n), firstValues(p.Typical, n)
	}
	return short
}

func firstValues(v Values, n int) Values { return v[:min(n, len(v))] }

func (k Profile) pack() ([]byte, error) {
	text, err := json.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("packing a profile: %w", err)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err == nil {
		_, err = w.Write(rounded(text))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("packing a profile: %w", err)
	}
	return packed.Bytes(), nil
}

// largestProfile bounds what a packed profile may grow to.
const largestProfile = 4 << 20

// Unpack reads what Pack wrote.
func Unpack(packed []byte) (k Profile, err error) {
	z := inflaters.Get().(io.Reader)
	defer inflaters.Put(z)
	var text bytes.Buffer
	err = z.(flate.Resetter).Reset(bytes.NewReader(packed), nil)
	if err == nil {
		_, err = text.ReadFrom(io.LimitReader(z, largestProfile))
	}
	if err == nil {
		err = json.Unmarshal(text.Bytes(), &k)
	}
	if err != nil {
		return Profile{}, fmt.Errorf("unpacking a profile: %w", err)
	}
	for _, scans := range [][]Scan{k.Higher, k.Lower} {
		for i := range scans {
			scans[i] = scans[i].withLongLevel()
		}
	}
	return k, nil
}

// inflaters are reused: each has a window of 40 KiB, ten times what it unpacks.
var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

func thinOrderStatistics(scans []Scan) []Scan {
	thinned := slices.Clone(scans)
	for i := range thinned {
		thinned[i].Order = thinTo(thinned[i].Order, packedOrder)
	}
	return thinned
}

// thinTo keeps at most so many of the values, evenly spread, the first of them
// among them.
func thinTo(x []float64, most int) []float64 {
	if len(x) <= most {
		return x
	}
	kept := make([]float64, most)
	for i := range kept {
		kept[i] = x[i*len(x)/most]
	}
	return kept
}

// rounded writes every number of a JSON text to packedDigits; what stands in
// quotes is left alone.
func rounded(text []byte) []byte {
	out := make([]byte, 0, len(text))
	quoted := false
	for i := 0; i < len(text); {
		j := i
		for !quoted && j < len(text) && bytes.IndexByte([]byte("+-.0123456789eE"), text[j]) >= 0 {
			j++
		}
		if v, err := strconv.ParseFloat(string(text[i:j]), 64); err == nil && bytes.ContainsAny(text[i:j], ".e") {
			out, i = strconv.AppendFloat(out, v, 'g', packedDigits, 64), j
			continue
		}
		if j > i {
			out, i = append(out, text[i:j]...), j
			continue
		}
		if text[i] == '"' && (i == 0 || text[i-1] != '\\') {
			quoted = !quoted
		}
		out, i = append(out, text[i]), i+1
	}
	return out
}

// keptCurves are a past's as they are stored.
type keptCurves struct {
	Period  time.Duration `json:"period"`
	Start   time.Time     `json:"start"`
	Step    float64       `json:"step"`
	Smooth  []byte        `json:"smooth,omitempty"`
	Typical []byte        `json:"typical,omitempty"`
}

// MarshalJSON writes the curves rounded to Step.
func (p Past) MarshalJSON() ([]byte, error) {
	kept := keptCurves{Period: p.Period, Start: p.Start, Step: p.Step}
	for values, packed := range map[*Values]*[]byte{&p.Smooth: &kept.Smooth, &p.Typical: &kept.Typical} {
		if *values != nil {
			*packed = Curve(*values).pack(p.Step)
		}
	}
	return json.Marshal(kept)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Past) UnmarshalJSON(b []byte) error {
	var kept keptCurves
	if err := json.Unmarshal(b, &kept); err != nil {
		return err
	}
	*p = Past{Period: kept.Period, Start: kept.Start, Step: kept.Step}
	for values, packed := range map[*Values][]byte{&p.Smooth: kept.Smooth, &p.Typical: kept.Typical} {
		if packed == nil {
			continue
		}
		curve, err := unpackCurve(packed)
		if err != nil {
			return err
		}
		*values = Values(curve)
	}
	return nil
}
