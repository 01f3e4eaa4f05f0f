package detector

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
)

// maxMeasurement is the size beyond which a number is not a measurement: squares of
// larger ones overflow.
const maxMeasurement = 1e100

// MarshalJSON writes missing ticks as null.
func (v Values) MarshalJSON() ([]byte, error) {
	if v == nil {
		return []byte("null"), nil
	}
	b := append(make([]byte, 0, 8*len(v)+2), '[')
	for i, x := range v {
		if i > 0 {
			b = append(b, ',')
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			b = append(b, "null"...)
			continue
		}
		b = strconv.AppendFloat(b, x, 'g', -1, 64)
	}
	return append(b, ']'), nil
}

// UnmarshalJSON reads null as a missing tick.
func (v *Values) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*v = nil
		return nil
	}
	var numbers []*float64
	if err := json.Unmarshal(b, &numbers); err != nil {
		return err
	}
	*v = make(Values, len(numbers))
	for i, n := range numbers {
		(*v)[i] = math.NaN()
		if n != nil {
			(*v)[i] = *n
		}
	}
	return nil
}

// finite is how many values are there.
func finite(x []float64) int {
	n := 0
	for _, v := range x {
		if !math.IsNaN(v) {
			n++
		}
	}
	return n
}

// validTicks copies t without what cannot be a measurement: infinities, numbers beyond any
// unit, negative events. Bad events are at most all events. Bad and Total come out with
// Value's length or empty.
func validTicks(t Ticks) Ticks {
	c := Ticks{Value: validValues(t.Value), Impossible: t.Impossible, Incomplete: t.Incomplete, Idle: t.Idle}
	if len(t.Total) == 0 || len(t.Bad) != len(t.Total) || len(t.Value) != len(t.Total) {
		return c
	}
	c.Bad, c.Total = validValues(t.Bad), validValues(t.Total)
	for i, n := range c.Total {
		if math.IsNaN(n) || math.IsNaN(c.Bad[i]) || n < 0 || c.Bad[i] < 0 {
			c.clearTick(i)
			continue
		}
		c.Bad[i] = min(c.Bad[i], n)
		c.Value[i] = share(c.Bad[i], n)
	}
	return c
}

func validValues(v Values) Values {
	if v == nil {
		return nil
	}
	c := make(Values, len(v))
	for i, x := range v {
		c[i] = x
		if !(math.Abs(x) < maxMeasurement) {
			c[i] = math.NaN()
		}
	}
	return c
}

// share is bad of total; a tick without events has none.
func share(bad, total float64) float64 {
	if total <= 0 {
		return math.NaN()
	}
	return bad / total
}

func (t Ticks) clearTick(i int) {
	t.Value[i] = math.NaN()
	if t.counts() {
		t.Bad[i], t.Total[i] = math.NaN(), math.NaN()
	}
}

// counts reports whether the values are shares of counted events.
func (t Ticks) counts() bool { return len(t.Total) > 0 }

// events adds up the bad and the total of all ticks.
func (t Ticks) events() (bad, total float64) {
	for i, n := range t.Total {
		if n > 0 {
			bad, total = bad+t.Bad[i], total+n
		}
	}
	return bad, total
}
