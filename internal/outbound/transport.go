package outbound

import (
	"io"
	"net/http"
)

// Transport is for libraries that make their own requests: the same checks of hosts and addresses as Do, no
// redirect, and answers of at most maxBytes, whose end is cut off.
func (c *Client) Transport(maxBytes int64) http.RoundTripper { return bounded{c.transport, maxBytes} }

type bounded struct {
	transport http.RoundTripper
	maxBytes  int64
}

// RoundTrip sends a request, unless its host is refused.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := checkHost(r.URL.Hostname()); err != nil {
		return nil, err
	}
	response, err := b.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = cut{io.LimitReader(response.Body, b.maxBytes), response.Body}
	return response, nil
}

// cut is a body without its end.
type cut struct {
	io.Reader
	io.Closer
}
