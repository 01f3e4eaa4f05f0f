package detector

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
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
func (k Profile) Pack() ([]byte, error) {
	k.Higher, k.Lower, k.Past = thinOrders(k.Higher), thinOrders(k.Lower), k.needed()
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

// needed is the past without what only the season forecaster asks for, where
// none of the scans is its.
func (k Profile) needed() []Past {
	seasonal := func(s Scan) bool { return s.Forecaster == season }
	if slices.ContainsFunc(k.Higher, seasonal) || slices.ContainsFunc(k.Lower, seasonal) {
		return k.Past
	}
	past := slices.Clone(k.Past)
	for i := range past {
		past[i].Value = nil
	}
	return past
}

// pastGrain is how near to what would just fit a past is cut.
const pastGrain = 0.02

// shortened keeps a share of every past, from its beginning.
func shortened(whole []Past, share float64) []Past {
	short := slices.Clone(whole)
	for i, p := range short {
		n := int(share * float64(len(p.Smooth)))
		short[i].Value, short[i].Smooth, short[i].Typical = beginning(p.Value, n), beginning(p.Smooth, n), beginning(p.Typical, n)
	}
	return short
}

func beginning(c Curve, n int) Curve { return c[:min(n, len(c))] }

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
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), largestProfile))
	if err != nil {
		return Profile{}, fmt.Errorf("unpacking a profile: %w", err)
	}
	if err := json.Unmarshal(text, &k); err != nil {
		return Profile{}, fmt.Errorf("unpacking a profile: %w", err)
	}
	return k, nil
}

func thinOrders(scans []Scan) []Scan {
	thinned := slices.Clone(scans)
	for i := range thinned {
		thinned[i].Order = evenly(thinned[i].Order, packedOrder)
	}
	return thinned
}

// evenly keeps at most so many of the values, evenly spread, the first of them
// among them.
func evenly(x []float64, most int) []float64 {
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
