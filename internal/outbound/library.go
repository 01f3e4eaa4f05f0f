package outbound

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// Library makes the calls of a library that writes its own requests and reads its own answers, under the rules
// of Client: no redirect is followed, no link-local address is called, an answer has a limit, and an error has no URL.
type Library struct {
	client   *Client
	maxBytes int64
}

// Library returns what makes the calls of a library, whose answers have at most maxBytes.
func (c *Client) Library(maxBytes int64) *Library { return &Library{c, maxBytes} }

// Do makes one call. The body of the answer is as it arrived, because the library needs what is in it: whoever
// shows an error of the library must redact it.
func (l *Library) Do(r *http.Request) (*http.Response, error) {
	a, err := l.client.DoUpTo(r, l.maxBytes)
	if err != nil {
		return nil, err
	}
	if a.truncated {
		return nil, &Failure{Sent: true, text: "the answer is too long"}
	}
	return &http.Response{
		Status: a.Status, StatusCode: a.Code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.header,
		Body: io.NopCloser(bytes.NewReader(a.raw)), ContentLength: int64(len(a.raw)), Request: r,
	}, nil
}

// RoundTrip is Do, for an http.Client. It closes the body of the request, as a transport must.
func (l *Library) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.Do(r)
	if err != nil && r.Body != nil {
		err = errors.Join(err, r.Body.Close())
	}
	return answer, err
}
