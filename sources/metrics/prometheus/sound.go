package prometheus

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/sources"
)

// An answer may be well-formed JSON and still not be an answer to what was
// asked: a cache that mixes replies up, a proxy that merges two stores, a clock
// that runs wrong. Every such answer once looked like a service that had died,
// or worse; the suite "outages" of `make reliability` gives all of them.

const (
	// maxAhead is how far the store's clock may be ahead of ours.
	maxAhead = 2 * time.Minute
	// maxOffset is how far from the moment asked for a sample may be dated: no
	// more than Prometheus looks back, twice.
	maxOffset = 10 * time.Minute
	// maxUnixSeconds bounds what can be a Unix time at all.
	maxUnixSeconds = 1 << 40
)

// checkRange says what is wrong with an answer to a range query.
//
// See adr/0011.
func checkRange(value model.Value, w sources.Window, step time.Duration) error {
	m, ok := value.(model.Matrix)
	if !ok {
		return fmt.Errorf("a range was asked for, and the answer is %s", describeKind(value))
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

// checkOrder says whether the points of a series follow each other within what
// was asked for.
func checkOrder(s *model.SampleStream, w sources.Window, step time.Duration) error {
	least, most := model.TimeFromUnixNano(w.From.Add(-step).UnixNano()), model.TimeFromUnixNano(w.To.Add(step).UnixNano())
	last := least - 1
	check := func(t model.Time) error {
		switch {
		case t < least || t > most:
			return fmt.Errorf("a point is dated %s, which was not asked for: is the store's clock right?", t.Time().UTC().Format(time.DateTime))
		case t <= last:
			return errors.New("points are not in the order of time")
		}
		last = t
		return nil
	}
	for _, p := range s.Values {
		if err := check(p.Timestamp); err != nil {
			return err
		}
	}
	last = least - 1
	for _, p := range s.Histograms {
		if err := check(p.Timestamp); err != nil {
			return err
		}
	}
	return nil
}

// checkInstant says what is wrong with an answer about one moment.
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

// checkUnique refuses a series that is there twice: it would count double.
func checkUnique(known map[model.Fingerprint]bool, m model.Metric) error {
	key := m.Fingerprint()
	if known[key] {
		return fmt.Errorf("the same series is there twice: %s", m)
	}
	known[key] = true
	return nil
}

func describeKind(value model.Value) string {
	if value == nil {
		return "nothing"
	}
	return "a " + value.Type().String()
}
