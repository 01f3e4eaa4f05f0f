package prometheus

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/prometheus/common/model"
)

// Nearly all answers are plain matrices. The client reads each five times over and makes two strings a
// point, which was a quarter of a look's time. So what is plainly a matrix is read here, once, and the client
// gets an empty one in its place. Whatever else comes (errors, warnings, histograms, members that nobody
// knows) is the client's to read, which also says what is wrong with it.
//
// See adr/0141.

// emptyMatrix is what the client reads instead of an answer that is read already.
var emptyMatrix = []byte(`{"status":"success","data":{"resultType":"matrix","result":[]}}`)

type matrixKey struct{}

// wantsMatrix has Do leave the answer in m where it is plainly a matrix; nil: it is not.
func wantsMatrix(ctx context.Context, m *model.Matrix) context.Context {
	return context.WithValue(ctx, matrixKey{}, m)
}

// leaveMatrix reads an answer for whoever wants a matrix, and reports whether it was one.
func leaveMatrix(ctx context.Context, body []byte) bool {
	wanted, ok := ctx.Value(matrixKey{}).(*model.Matrix)
	if !ok {
		return false
	}
	m, err := readMatrix(body)
	*wanted = m
	return err == nil
}

// bytesOfSample is about what a point takes in an answer, with its share of the labels.
const bytesOfSample = 32

var errNotPlain = errors.New("not plainly a matrix")

// matrixReader reads the JSON of one answer. It stops at the first error.
type matrixReader struct {
	*jsontext.Decoder
	err     error
	status  string
	kind    string
	found   bool // it has a result
	matrix  model.Matrix
	samples []model.SamplePair // of all series, side by side
}

// readMatrix reads an answer that has succeeded and holds series of numbers alone
// (https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries). Any other answer is an error.
func readMatrix(body []byte) (model.Matrix, error) {
	r := matrixReader{Decoder: jsontext.NewDecoder(bytes.NewBuffer(body)), matrix: model.Matrix{}, samples: make([]model.SamplePair, 0, len(body)/bytesOfSample)}
	r.object(r.envelope)
	_, end := r.ReadToken()
	if !errors.Is(end, io.EOF) || r.status != "success" || r.kind != "matrix" || !r.found {
		r.fail(errNotPlain)
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.matrix, nil
}

func (r *matrixReader) envelope(name string) {
	switch name {
	case "status":
		r.status = r.text()
	case "data":
		r.object(r.data)
	case "stats", "isPartial", "infos": // the transport has refused what is partial
		r.fail(r.SkipValue())
	default:
		r.fail(errNotPlain)
	}
}

func (r *matrixReader) data(name string) {
	switch name {
	case "resultType":
		r.kind = r.text()
	case "result":
		r.found = true
		r.array(r.series)
	default:
		r.fail(errNotPlain)
	}
}

func (r *matrixReader) series() {
	first, stream := len(r.samples), &model.SampleStream{}
	r.object(func(name string) {
		switch name {
		case "metric":
			stream.Metric = model.Metric{}
			r.object(func(label string) { r.label(stream.Metric, model.LabelName(label)) })
		case "values":
			r.array(r.sample)
		default:
			r.fail(errNotPlain)
		}
	})
	stream.Values = r.samples[first:len(r.samples):len(r.samples)]
	r.matrix = append(r.matrix, stream)
}

func (r *matrixReader) label(of model.Metric, name model.LabelName) {
	if !model.UTF8Validation.IsValidLabelName(string(name)) {
		r.fail(errNotPlain)
	}
	of[name] = model.LabelValue(r.text())
}

// sample reads [1700000000.123, "0.25"]. JSON has no NaN, so numbers stand in quotes.
func (r *matrixReader) sample() {
	pair, err := r.ReadValue()
	at, quoted, two := bytes.Cut(pair, []byte(","))
	if err != nil || pair.Kind() != jsontext.KindBeginArray || !two {
		r.fail(errNotPlain)
		return
	}
	text, opens := bytes.CutPrefix(bytes.TrimSpace(quoted[:len(quoted)-1]), []byte(`"`))
	text, closes := bytes.CutSuffix(text, []byte(`"`))
	if !opens || !closes {
		r.fail(errNotPlain)
		return
	}
	v, err := strconv.ParseFloat(string(text), 64)
	r.fail(err)
	r.samples = append(r.samples, model.SamplePair{Timestamp: r.timestamp(bytes.TrimSpace(at[1:])), Value: model.SampleValue(v)})
}

// timestamp reads seconds as the client does, most of which are whole.
func (r *matrixReader) timestamp(text []byte) (t model.Time) {
	if seconds, err := strconv.ParseInt(string(text), 10, 40); err == nil {
		return model.Time(seconds * 1000)
	}
	r.fail(t.UnmarshalJSON(text))
	return t
}

func (r *matrixReader) text() string {
	if r.err != nil {
		return ""
	}
	t, err := r.ReadToken()
	if err == nil && t.Kind() != jsontext.KindString {
		err = errNotPlain
	}
	if r.fail(err); err != nil {
		return ""
	}
	return t.String()
}

// object reads an object; member reads the value of a name.
func (r *matrixReader) object(member func(name string)) {
	r.expect(jsontext.KindBeginObject)
	for r.err == nil && r.PeekKind() != jsontext.KindEndObject {
		member(r.text())
	}
	r.expect(jsontext.KindEndObject)
}

func (r *matrixReader) array(element func()) {
	r.expect(jsontext.KindBeginArray)
	for r.err == nil && r.PeekKind() != jsontext.KindEndArray {
		element()
	}
	r.expect(jsontext.KindEndArray)
}

func (r *matrixReader) expect(kind jsontext.Kind) {
	if r.err != nil {
		return
	}
	t, err := r.ReadToken()
	if err == nil && t.Kind() != kind {
		err = errNotPlain
	}
	r.fail(err)
}

func (r *matrixReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}
