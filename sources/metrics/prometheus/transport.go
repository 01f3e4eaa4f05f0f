package prometheus

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync"

	"github.com/prometheus/client_golang/api"

	"github.com/pushback/pushback/internal/outbound"
)

// maxBodyBytes bounds an answer after decompression, which is about two million points.
const maxBodyBytes = 64 << 20

// transport adds parameters to requests, and returns only answers that are complete.
type transport struct {
	next   http.RoundTripper
	home   func(*url.URL) bool // whether a URL is of the configured server
	params map[string]string
	limit  int64

	secrets func() []string // that are sent beside the request; nil: none
}

// RoundTrip asks for compression, which Prometheus's transport does not do by
// itself, and reads the whole body.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	var secrets []string
	if t.secrets != nil {
		secrets = t.secrets()
	}
	r, redact := outbound.Traced(t.withParams(r), secrets...)
	r.Header.Set("Accept-Encoding", "gzip")
	response, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, &safeError{text: redact(explained(err.Error())), cause: err}
	}
	defer response.Body.Close()
	if response.StatusCode/100 == 3 && response.Header.Get("Location") != "" {
		response.Body = http.NoBody // a page for people, which is not shown: the client follows, or says why not
		return response, nil
	}
	body, err := t.readBody(response)
	if err != nil {
		return nil, err
	}
	if err := checkComplete(response, body); err != nil {
		return nil, &safeError{text: redact(err.Error()), cause: err} // it may quote a page, which may repeat what was sent
	}
	if speaks(response, body) {
		body = []byte(redact(string(body)))
	}
	response.Status = redact(response.Status)
	response.Body = &wholeBody{Reader: bytes.NewReader(body), bytes: body}
	return response, nil
}

// speaks reports whether an answer has words for people, which may repeat the request's
// credentials: an error or a warning, by which the answer is refused. Series are not searched,
// because a header such as X-Scope-OrgID may be the value of a label.
func speaks(r *http.Response, body []byte) bool {
	return r.StatusCode/100 != 2 || bytes.Contains(body, []byte(`"error"`)) || bytes.Contains(body, []byte(`"warnings"`))
}

// readBody decompresses and reads the body. The limit is for the decompressed body, so
// that a small answer cannot fill the memory.
func (t *transport) readBody(response *http.Response) ([]byte, error) {
	var unpacked io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(response.Body)
		if err != nil {
			return nil, fmt.Errorf("unpacking the answer: %w", err)
		}
		unpacked = z
	}
	buffer := buffers.Get().(*bytes.Buffer)
	defer putBack(buffer)
	if _, err := buffer.ReadFrom(io.LimitReader(unpacked, t.limit+1)); err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if int64(buffer.Len()) > t.limit {
		return nil, fmt.Errorf("answer is larger than %d MiB: narrow the query", t.limit>>20)
	}
	return bytes.Clone(buffer.Bytes()), nil
}

// buffers are what answers are read into, of which nobody knows the size before: a buffer that
// grows for each answer would leave four times the answer as garbage.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKeptBuffer bounds the buffers that are kept for the next answer.
const maxKeptBuffer = 4 << 20

func putBack(b *bytes.Buffer) {
	if b.Cap() <= maxKeptBuffer {
		b.Reset()
		buffers.Put(b)
	}
}

// wholeBody is an answer that was read to its end.
type wholeBody struct {
	*bytes.Reader
	bytes []byte
}

// Close does nothing.
func (*wholeBody) Close() error { return nil }

// readAnswers is the API's client over transport, which has read the whole answer: it is not
// copied once more.
type readAnswers struct {
	api.Client
	client *http.Client
}

// Do sends a request and returns the body of the answer.
func (c readAnswers) Do(ctx context.Context, r *http.Request) (*http.Response, []byte, error) {
	response, err := c.client.Do(r.WithContext(ctx)) //nolint:gosec // the address is that of pushback.yml
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if whole, ok := response.Body.(*wholeBody); ok {
		if response.StatusCode == http.StatusOK && leaveMatrix(ctx, whole.bytes) {
			return response, emptyMatrix, nil
		}
		return response, whole.bytes, nil
	}
	body, err := io.ReadAll(response.Body) // of a redirect that is not followed: empty
	return response, body, err
}

// CloseIdleConnections closes the idle connections of the next transport.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// withParams returns a copy of the request with the parameters, which are for the
// configured server alone, but for those that ask for a whole answer.
func (t *transport) withParams(r *http.Request) *http.Request {
	r = r.Clone(r.Context())
	q, home := r.URL.Query(), t.home(r.URL)
	for name, value := range t.params {
		_, harmless := wholeAnswers[name]
		switch {
		case !home && !harmless:
			q.Del(name) // the redirect repeats it
		case value != "":
			q.Set(name, value)
		}
	}
	r.URL.RawQuery = q.Encode()
	return r
}

// checkComplete refuses what is not of a store's API, such as the web page that a proxy sends
// when a login has expired; and an answer that says that it is partial (VictoriaMetrics's
// isPartial), which the API client ignores.
func checkComplete(r *http.Response, body []byte) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err := notAStore(r, kind, body); err != nil {
		return err
	}
	if !bytes.Contains(body, []byte(`"isPartial"`)) {
		return nil
	}
	var envelope struct {
		Partial bool `json:"isPartial"`
	}
	if json.Unmarshal(body, &envelope) == nil && envelope.Partial {
		return errors.New("answer is partial: some of the store's nodes did not answer")
	}
	return nil
}
