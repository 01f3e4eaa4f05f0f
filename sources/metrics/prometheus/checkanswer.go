package prometheus

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/sources"
)

// An answer may be well-formed JSON and still not answer the query: a cache mixes up
// answers, a proxy merges two stores, or a clock is wrong. Such an answer can look
// like an outage of the service. The suite "outages" of `make reliability` tests
// all of these cases.

const (
	// maxAhead is how far the clock of the store may be ahead of ours.
	maxAhead = 2 * time.Minute
	// maxOffset is how far the time of a sample may be from the time of the query:
	// twice Prometheus's lookback.
	maxOffset = 10 * time.Minute
	// maxUnixSeconds is larger than any Unix time that can occur.
	maxUnixSeconds = 1 << 40
)

// checkRange checks the answer to a range query.
//
// See adr/0011.
func checkRange(value model.Value, w sources.Window, step time.Duration) error {
	m, ok := value.(model.Matrix)
	if !ok {
		return fmt.Errorf("the query is for a range, but the answer is %s", describeKind(value))
	}
	known := make(map[model.Fingerprint]bool, len(m))
	for _, s := range m {
		if err := checkUnique(known, s.Metric); err != nil {
			return err
		}
		if err := checkOrder(s, w, step); err != nil {
			return err
		}
	}
	return nil
}

// checkOrder checks that the points of a series are in order and within the window, give or
// take a step.
func checkOrder(s *model.SampleStream, w sources.Window, step time.Duration) error {
	first, last := model.TimeFromUnixNano(w.From.Add(-step).UnixNano()), model.TimeFromUnixNano(w.To.Add(step).UnixNano())
	previous := first - 1
	check := func(t model.Time) error {
		switch {
		case t < first || t > last:
			return fmt.Errorf("a point is dated %s, which was not asked for: is the store's clock right?", t.Time().UTC().Format(time.DateTime))
		case t <= previous:
			return errors.New("the points of a series are not in order of time")
		}
		previous = t
		return nil
	}
	for _, p := range s.Values {
		if err := check(p.Timestamp); err != nil {
			return err
		}
	}
	previous = first - 1
	for _, p := range s.Histograms {
		if err := check(p.Timestamp); err != nil {
			return err
		}
	}
	return nil
}

// checkInstant checks the answer to a query for one time.
func checkInstant(value model.Value, at time.Time) error {
	switch v := value.(type) {
	case model.Matrix:
		return errors.New("expression gives a range of values, not one: wrap it, as in rate(x[5m])")
	case model.Vector:
		known := make(map[model.Fingerprint]bool, len(v))
		for _, s := range v {
			if err := checkUnique(known, s.Metric); err != nil {
				return err
			}
			if s.Timestamp.Time().Sub(at).Abs() > maxOffset {
				return fmt.Errorf("a value is dated %s, which was not asked for: is the store's clock right?", s.Timestamp.Time().UTC().Format(time.DateTime))
			}
		}
	}
	return nil
}

// checkUnique refuses a series that occurs twice in an answer, because it would count twice.
func checkUnique(known map[model.Fingerprint]bool, m model.Metric) error {
	key := m.Fingerprint()
	if known[key] {
		return fmt.Errorf("the answer holds a series twice: %s", m)
	}
	known[key] = true
	return nil
}

// describeKind names the type of an answer.
func describeKind(value model.Value) string {
	if value == nil {
		return "nothing"
	}
	return "a " + value.Type().String()
}
