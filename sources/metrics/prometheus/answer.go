package prometheus

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"unicode"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/sources"
)

// seriesOf turns what the API client gave into series, or into a Fault.
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

func fromMatrix(m model.Matrix) []sources.Series {
	all := make([]sources.Series, 0, len(m))
	for _, stream := range m {
		line := sources.Series{Labels: labels(stream.Metric)}
		for _, p := range stream.Values {
			if v := float64(p.Value); !math.IsNaN(v) && !math.IsInf(v, 0) {
				line.Samples = append(line.Samples, sources.Sample{T: int64(p.Timestamp), V: v})
			}
		}
		for _, p := range stream.Histograms {
			if h := p.Histogram; h != nil && !math.IsNaN(float64(h.Sum)) {
				line.Histograms = append(line.Histograms, histogram(int64(p.Timestamp), h))
			}
		}
		if len(line.Samples)+len(line.Histograms) > 0 {
			all = append(all, line)
		}
	}
	return all
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

// seriesJoiner puts the parts of one range together, series by series.
type seriesJoiner struct {
	series []sources.Series
	place  map[model.Fingerprint]int
}

func (j *seriesJoiner) add(part []sources.Series) {
	if j.place == nil {
		j.place = make(map[model.Fingerprint]int, len(part))
	}
	for _, line := range part {
		key := fingerprint(line.Labels)
		i, known := j.place[key]
		if !known {
			j.place[key] = len(j.series)
			j.series = append(j.series, line)
			continue
		}
		whole := &j.series[i]
		whole.Samples = append(whole.Samples, line.Samples...)
		whole.Histograms = append(whole.Histograms, line.Histograms...)
	}
}

func fingerprint(labels map[string]string) model.Fingerprint {
	metric := make(model.LabelSet, len(labels))
	for name, value := range labels {
		metric[model.LabelName(name)] = model.LabelValue(value)
	}
	return metric.Fingerprint()
}

// sourceError is a source_error whose text is safe to log.
func (s *Store) sourceError(err error) error {
	return &sources.Fault{Kind: sources.SourceError, Store: s.name, Err: &safeError{text: safeText(err), cause: err}}
}

func (s *Store) noData() error {
	return &sources.Fault{
		Kind: sources.NoData, Store: s.name,
		Err: errors.New("heartbeat gives nothing: no sample of " + s.config.Heartbeat),
	}
}

// safeError keeps the cause for errors.Is, and shows only the tidied text.
type safeError struct {
	text  string
	cause error
}

// Error is one short line.
func (f *safeError) Error() string { return f.text }

// Unwrap gives the cause, so that a cancelled context can be told.
func (f *safeError) Unwrap() error { return f.cause }

// safeText drops the URL, which may hold a password and parameters, and keeps the
// first 200 printable characters of the rest, which a server may have
// written.
func safeText(err error) string {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	const most = 200
	var b strings.Builder
	for _, r := range err.Error() {
		if b.Len() >= most {
			break
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}
