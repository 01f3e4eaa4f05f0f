package delta

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
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

// text is a value with all bits of its numbers; every NaN is the same.
func text(v any) string {
	return strings.ReplaceAll(fmt.Sprintf("%#v", exact(reflect.ValueOf(v))), "Extra", "")
}

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
