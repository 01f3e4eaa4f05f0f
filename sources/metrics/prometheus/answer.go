package prometheus

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"unicode"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/sources"
)

// seriesOf returns the series of an answer, or a Fault.
func (s *Store) seriesOf(value model.Value, warnings v1.Warnings, err error) ([]sources.Series, error) {
	if err != nil {
		return nil, s.sourceError(err)
	}
	if len(warnings) > 0 {
		return nil, s.sourceError(fmt.Errorf("answer comes with a warning: %s", warnings[0]))
	}
	switch v := value.(type) {
	case model.Matrix:
		return fromMatrix(v), nil
	case model.Vector:
		return fromVector(v), nil
	case *model.Scalar:
		return fromMatrix(model.Matrix{{Values: []model.SamplePair{{Timestamp: v.Timestamp, Value: v.Value}}}}), nil
	}
	return nil, s.sourceError(errors.New("expression gives text, not numbers"))
}

func fromVector(v model.Vector) []sources.Series {
	m := make(model.Matrix, len(v))
	for i, sample := range v {
		m[i] = &model.SampleStream{Metric: sample.Metric}
		if sample.Histogram != nil {
			m[i].Histograms = []model.SampleHistogramPair{{Timestamp: sample.Timestamp, Histogram: sample.Histogram}}
			continue
		}
		m[i].Values = []model.SamplePair{{Timestamp: sample.Timestamp, Value: sample.Value}}
	}
	return fromMatrix(m)
}

// fromMatrix copies the numbers of an answer. All series share one block of samples, and none
// can grow into the next.
func fromMatrix(m model.Matrix) []sources.Series {
	all, samples := make([]sources.Series, 0, len(m)), make([]sources.Sample, 0, valuesIn(m))
	for _, stream := range m {
		series, first := sources.Series{Labels: labels(stream.Metric)}, len(samples)
		for _, p := range stream.Values {
			if v := float64(p.Value); !math.IsNaN(v) && !math.IsInf(v, 0) {
				samples = append(samples, sources.Sample{T: int64(p.Timestamp), V: v})
			}
		}
		if len(samples) > first {
			series.Samples = samples[first:len(samples):len(samples)]
		}
		for _, p := range stream.Histograms {
			if h := p.Histogram; h != nil && !math.IsNaN(float64(h.Sum)) {
				series.Histograms = append(series.Histograms, histogram(int64(p.Timestamp), h))
			}
		}
		if len(series.Samples)+len(series.Histograms) > 0 {
			all = append(all, series)
		}
	}
	return all
}

func valuesIn(m model.Matrix) (n int) {
	for _, stream := range m {
		n += len(stream.Values)
	}
	return n
}

func labels(metric model.Metric) map[string]string {
	all := make(map[string]string, len(metric))
	for name, value := range metric {
		all[string(name)] = string(value)
	}
	return all
}

func histogram(t int64, h *model.SampleHistogram) sources.HistogramSample {
	sample := sources.HistogramSample{T: t, Count: float64(h.Count), Sum: float64(h.Sum)}
	for _, b := range h.Buckets {
		sample.Buckets = append(sample.Buckets, sources.Bucket{
			Lower: float64(b.Lower), Upper: float64(b.Upper), Count: float64(b.Count),
		})
	}
	return sample
}

// seriesJoiner joins the parts of one range, series by series.
type seriesJoiner struct {
	series []sources.Series
	index  map[model.Fingerprint]int // in series; nil: there was one part at most
}

// add appends a part, which is later than all parts before it. The first is taken as it is,
// because no part has a series twice.
func (j *seriesJoiner) add(part []sources.Series) {
	if j.series == nil {
		j.series = part
		return
	}
	if j.index == nil {
		j.index = make(map[model.Fingerprint]int, len(j.series))
		for i, series := range j.series {
			j.index[fingerprint(series.Labels)] = i
		}
	}
	for _, series := range part {
		key := fingerprint(series.Labels)
		i, known := j.index[key]
		if !known {
			j.index[key] = len(j.series)
			j.series = append(j.series, series)
			continue
		}
		joined := &j.series[i]
		joined.Samples = append(joined.Samples, series.Samples...)
		joined.Histograms = append(joined.Histograms, series.Histograms...)
	}
}

func fingerprint(labels map[string]string) model.Fingerprint {
	metric := make(model.LabelSet, len(labels))
	for name, value := range labels {
		metric[model.LabelName(name)] = model.LabelValue(value)
	}
	return metric.Fingerprint()
}

// sourceError returns a Fault of kind source_error, whose text is safe to log.
func (s *Store) sourceError(err error) error {
	return &sources.Fault{
		Kind: sources.SourceError, Store: s.name, Err: &safeError{text: safeText(err), cause: err}, Refused: refused(err),
	}
}

// failures are words by which stores say, with the same type of error, that a query is too
// large for them or that a part of them is down: Thanos reports a lost store as an execution
// error. The expression is one that they can evaluate.
var failures = []string{
	"too many", "exceed", "-search.max", "timeout", "timed out", "deadline", "cancel", "not enough memory", "overload", "limit:", "rate limit",
	"rpc error", "unavailable", "connection", "eof", "fetch series", "storage",
}

// refused reports whether the store answered that it cannot evaluate the expression:
// Prometheus with bad_data or execution, VictoriaMetrics with the HTTP status as the type.
func refused(err error) bool {
	var answer *v1.Error
	if !errors.As(err, &answer) || !slices.Contains([]v1.ErrorType{v1.ErrBadData, v1.ErrExec, "400", "422"}, answer.Type) {
		return false
	}
	text := strings.ToLower(answer.Msg)
	return !slices.ContainsFunc(failures, func(word string) bool { return strings.Contains(text, word) })
}

func (s *Store) noData() error {
	return &sources.Fault{
		Kind: sources.NoData, Store: s.name,
		Err: errors.New("the heartbeat query returned no sample: " + s.config.Heartbeat),
	}
}

// safeError shows only a text that is safe to log, and wraps the cause for errors.Is.
type safeError struct {
	text  string
	cause error
}

// Error is one short line.
func (e *safeError) Error() string { return e.text }

// Unwrap returns the cause, by which a cancelled context is recognized.
func (e *safeError) Unwrap() error { return e.cause }

// safeText returns the text of an error without the URL, which may contain a
// password. It replaces characters that cannot be printed, which a server may have
// sent, and returns at most 200 bytes.
func safeText(err error) string {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	const maxBytes = 200
	var b strings.Builder
	for _, r := range err.Error() {
		if b.Len() >= maxBytes {
			break
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}
