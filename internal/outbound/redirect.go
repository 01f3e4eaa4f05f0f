package outbound

import (
	"errors"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/prometheus/common/config"
)

// maxRedirects bounds how many redirects of one request are followed.
const maxRedirects = 3

// Follower is for calls that only read, whose answers may be redirects. It follows them with
// the same method and body, at most three, over http and https, and never from https to
// http or to a link-local address. Another origin than the configured one (scheme, host and
// port) gets none of the configured credentials, headers and parameters, and cannot send the
// request back to the configured one, which would answer with them.
type Follower struct {
	home     string // the origin of the configured URL
	options  config.HTTPClientConfig
	own      http.RoundTripper // with the configured credentials
	stranger http.RoundTripper // without
}

// NewFollower makes a Follower for the store at a URL.
func NewFollower(home *url.URL, options config.HTTPClientConfig, name string) (*Follower, error) {
	own, err := roundTripper(options, name)
	if err != nil {
		return nil, err
	}
	bare := config.HTTPClientConfig{EnableHTTP2: options.EnableHTTP2, ProxyConfig: options.ProxyConfig}
	bare.TLSConfig.CAFile, bare.TLSConfig.CA, bare.TLSConfig.MinVersion = options.TLSConfig.CAFile, options.TLSConfig.CA, options.TLSConfig.MinVersion
	stranger, err := roundTripper(bare, name)
	return &Follower{home: origin(home), options: options, own: own, stranger: stranger}, err
}

func roundTripper(options config.HTTPClientConfig, name string) (http.RoundTripper, error) {
	return newTransport(options, name, config.WithUserAgent("pushback"), config.WithDialContextFunc(Dial))
}

// origin is scheme, host and port of a URL; the port is always written.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Scheme + "://" + strings.TrimSuffix(u.Hostname(), ".") + ":" + port)
}

// Home reports whether a URL is of the configured origin.
func (f *Follower) Home(u *url.URL) bool { return origin(u) == f.home }

// Secrets are those that are sent without the request itself: for an access token.
func (f *Follower) Secrets() []string { return oauthSecrets(f.options) }

// RoundTrip sends a request with the configured credentials to the configured origin, and
// with nothing but what the request needs to any other.
func (f *Follower) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := checkHost(r.URL.Hostname()); err != nil {
		return nil, err
	}
	if f.Home(r.URL) {
		return f.own.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	for name := range r.Header {
		if !slices.Contains(plainHeaders, textproto.CanonicalMIMEHeaderKey(name)) {
			r.Header.Del(name)
		}
	}
	return f.stranger.RoundTrip(r)
}

// plainHeaders are what a stranger gets: what the request is, not who sends it.
var plainHeaders = []string{"Accept", "Accept-Encoding", "Content-Type", "Content-Length", "User-Agent"}

// CloseIdleConnections closes the idle connections of both transports.
func (f *Follower) CloseIdleConnections() {
	for _, each := range []http.RoundTripper{f.own, f.stranger} {
		if c, ok := each.(interface{ CloseIdleConnections() }); ok {
			c.CloseIdleConnections()
		}
	}
}

// CheckRedirect is http.Client's. Its errors do not repeat the address, which may hold a
// secret.
func (f *Follower) CheckRedirect(next *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	switch scheme := next.URL.Scheme; {
	case !f.options.FollowRedirects:
		return http.ErrUseLastResponse
	case len(via) > maxRedirects:
		return errors.New("it redirects more than three times: set url to the address where it answers")
	case scheme != "http" && scheme != "https":
		return errors.New("it redirects to an address that is not http or https")
	case from.Scheme == "https" && scheme == "http":
		return errors.New("it redirects from https to http, which is not followed")
	case next.URL.User != nil:
		return errors.New("it redirects to an address with a user or password, which is not followed")
	case next.Method != via[0].Method:
		return errors.New("its redirect would lose the query: set url to the address where it answers")
	case !f.Home(from) && f.Home(next.URL):
		return errors.New("it redirects to another server, which redirects back: that is not followed")
	}
	return checkHost(next.URL.Hostname())
}
