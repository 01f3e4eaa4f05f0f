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

// testSeries is one series of a test, before its noise is drawn.
type testSeries struct {
	labels  labels.Labels
	values  []parser.SequenceValue
	counter bool // values are increases of a counter
	poisson bool
	noise   float64   // relative; at each time the same for all series of a test
	day     []float64 // factors at even distances over the day, from midnight
	week    []float64
}

var errNoise = errors.New("noise is poisson, or a percentage below 100 such as 5%")

// setNoise reads `poisson` or a percentage.
func (l *testSeries) setNoise(text string) error {
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

// samples returns the series with its noise, in Prometheus's form. shared is the
// seed of the noise that all series of a test have in common, like a fluctuation of
// traffic: it keeps the buckets of a histogram in order.
func (l testSeries) samples(interval time.Duration, shared uint64) storage.Series {
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
			value := l.draw(v.Value*l.shape(at), commonDraw(shared, i), own)
			if sum += value; l.counter {
				value = sum
			}
			s.Floats = append(s.Floats, promql.FPoint{T: at.UnixMilli(), F: value})
		}
	}
	return promql.NewStorageSeries(s)
}

// draw adds noise to a value. common is a sample of the standard normal
// distribution.
func (l testSeries) draw(value, common float64, own *rand.Rand) float64 {
	value *= math.Exp(l.noise * common)
	if l.poisson && value > 0 {
		return distuv.Poisson{Lambda: value, Src: own}.Rand()
	}
	return value
}

// shape returns the factor for the time of the day and of the week.
func (l testSeries) shape(at time.Time) float64 {
	const day, week = 24 * time.Hour, 7 * 24 * time.Hour
	return interpolate(l.day, at.Sub(Start)%day, day) * interpolate(l.week, at.Sub(Start)%week, week)
}

// interpolate returns the factor at a time, linearly between one factor and the next,
// and between the last and the first. Without factors it is 1.
func interpolate(factors []float64, at, of time.Duration) float64 {
	if len(factors) == 0 {
		return 1
	}
	position := float64(at) / float64(of) * float64(len(factors))
	i, part := int(position), position-math.Floor(position)
	return factors[i]*(1-part) + factors[(i+1)%len(factors)]*part
}

// commonDraw returns the sample of noise that all series of a test share at time i.
func commonDraw(shared uint64, i int) float64 {
	return rand.New(rand.NewPCG(shared, uint64(i))).NormFloat64()
}

func seed(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	return h.Sum64()
}
