package ruletest

import (
	"errors"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"gonum.org/v1/gonum/stat/distuv"
)

// line is one series of a test, before its noise is drawn.
type line struct {
	labels  labels.Labels
	values  []parser.SequenceValue
	grows   bool // values are increases of a counter
	poisson bool
	noise   float64   // relative; the same at a moment for all series of a test
	day     []float64 // factors, spread evenly over the day
	week    []float64
}

var errNoise = errors.New("noise is poisson, or a percentage below 100 such as 5%")

// setNoise reads `poisson` or a percentage.
func (l *line) setNoise(text string) error {
	switch text {
	case "":
		return nil
	case "poisson":
		l.poisson = true
		return nil
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, "%")), 64)
	if err != nil || !strings.HasSuffix(text, "%") || !(n >= 0 && n < 100) {
		return errNoise
	}
	l.noise = n / 100
	return nil
}

// samples makes a series of Prometheus's own of the line. shared seeds the
// noise that every series of a test has in common: with it, a fluctuation of
// the traffic, the buckets of a histogram stay in order.
func (l line) samples(interval time.Duration, shared uint64) storage.Series {
	s := promql.Series{Metric: l.labels}
	own := rand.New(rand.NewPCG(shared, seed(l.labels.String())))
	sum := 0.0
	for i, v := range l.values {
		at := Start.Add(time.Duration(i) * interval)
		switch {
		case v.Omitted:
		case v.Histogram != nil:
			s.Histograms = append(s.Histograms, promql.HPoint{T: at.UnixMilli(), H: v.Histogram})
		default:
			value := l.draw(v.Value*l.shape(at), common(shared, i), own)
			if sum += value; l.grows {
				value = sum
			}
			s.Floats = append(s.Floats, promql.FPoint{T: at.UnixMilli(), F: value})
		}
	}
	return promql.NewStorageSeries(s)
}

// draw puts noise on a value. common is one draw of a normal distribution.
func (l line) draw(value, common float64, own *rand.Rand) float64 {
	value *= math.Exp(l.noise * common)
	if l.poisson && value > 0 {
		return distuv.Poisson{Lambda: value, Src: own}.Rand()
	}
	return value
}

// shape is the factor of this time of the day and of the week.
func (l line) shape(at time.Time) float64 {
	const day, week = 24 * time.Hour, 7 * 24 * time.Hour
	return between(l.day, at.Sub(Start)%day, day) * between(l.week, at.Sub(Start)%week, week)
}

// between is the factor at a time, on straight lines from one to the next and
// from the last to the first; 1 where there are none.
func between(factors []float64, at, of time.Duration) float64 {
	if len(factors) == 0 {
		return 1
	}
	position := float64(at) / float64(of) * float64(len(factors))
	i, part := int(position), position-math.Floor(position)
	return factors[i]*(1-part) + factors[(i+1)%len(factors)]*part
}

// common is the draw that all series of a test share at a moment.
func common(shared uint64, i int) float64 {
	return rand.New(rand.NewPCG(shared, uint64(i))).NormFloat64()
}

func seed(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	return h.Sum64()
}
