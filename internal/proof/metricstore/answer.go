package metricstore

import (
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// vectorOf is a range of one point as the answer to a query for one moment.
func vectorOf(m promql.Matrix) promql.Vector {
	all := make(promql.Vector, 0, len(m))
	for _, line := range m {
		all = append(all, promql.Sample{Metric: line.Metric, T: line.Floats[0].T, F: line.Floats[0].F})
	}
	return all
}

// appendAnswer writes an answer as Prometheus does. It is written by hand, because encoding/json
// would need as much of the machine as the program that is measured.
func appendAnswer(b []byte, v parser.Value) []byte {
	b = append(b, `{"status":"success","data":{"resultType":"`...)
	b = append(b, v.Type()...)
	b = append(b, `","result":`...)
	switch v := v.(type) {
	case promql.Matrix:
		b = appendMatrix(b, v)
	case promql.Vector:
		b = appendVector(b, v)
	case promql.Scalar:
		b = appendPoint(b, promql.FPoint{T: v.T, F: v.V})
	default:
		b = append(b, "[]"...)
	}
	return append(b, "}}"...)
}

func appendMatrix(b []byte, m promql.Matrix) []byte {
	b = append(b, '[')
	for i, line := range m {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLabels(append(b, `{"metric":`...), line.Metric)
		b = append(b, `,"values":[`...)
		for j, p := range line.Floats {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendPoint(b, p)
		}
		b = append(b, "]}"...)
	}
	return append(b, ']')
}

func appendVector(b []byte, v promql.Vector) []byte {
	b = append(b, '[')
	for i, sample := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLabels(append(b, `{"metric":`...), sample.Metric)
		b = appendPoint(append(b, `,"value":`...), promql.FPoint{T: sample.T, F: sample.F})
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendLabels(b []byte, set labels.Labels) []byte {
	b = append(b, '{')
	first := true
	set.Range(func(l labels.Label) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = strconv.AppendQuote(b, l.Name)
		b = append(b, ':')
		b = strconv.AppendQuote(b, l.Value)
	})
	return append(b, '}')
}

func appendPoint(b []byte, p promql.FPoint) []byte {
	b = append(b, '[')
	b = strconv.AppendInt(b, p.T/1000, 10)
	if ms := p.T % 1000; ms != 0 {
		b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	}
	b = append(b, ',', '"')
	if p.F == float64(int64(p.F)) {
		b = strconv.AppendInt(b, int64(p.F), 10)
	} else {
		b = strconv.AppendFloat(b, p.F, 'f', -1, 64)
	}
	return append(b, '"', ']')
}
