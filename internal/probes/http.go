package probes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/outbound"
)

// http asks for the URL on a connection of its own, as a new customer does.
func (t *try) http(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, t.Settings.Method, t.Settings.HTTP, nil)
	if err != nil {
		return errors.New("the url cannot be read")
	}
	r.Close = true
	r, t.redact = outbound.Traced(r, t.follower.Secrets()...)
	response, err := t.client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.TLS != nil {
		if end := earliest(response.TLS.PeerCertificates); end != nil {
			t.outcome.Expires = end.NotAfter
		}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxBody))
	t.clock.bodyRead()
	t.outcome.Code, t.outcome.Size = response.StatusCode, len(body)
	if err != nil {
		return err
	}
	t.judge(response, body)
	return nil
}

// judge compares an answer with what is expected.
func (t *try) judge(response *http.Response, body []byte) {
	code := response.StatusCode
	switch {
	case !t.Settings.Status.Has(code):
		t.outcome.Result = Status
		t.outcome.Detail = fmt.Sprintf("answered %s where %s is expected", statusText(code), t.Settings.Status)
		if to, err := response.Location(); err == nil && t.Settings.Options.FollowRedirects && !t.mayLeadTo(to.Hostname()) {
			t.outcome.Detail += "; it redirects to another host: name that under redirect_hosts if it is yours"
		}
	case t.Settings.Text != "" && !bytes.Contains(body, []byte(t.Settings.Text)):
		t.outcome.Result, t.outcome.Detail = Text, fmt.Sprintf("the expected text is not in the answer of %d bytes", len(body))
		if len(body) == MaxBody {
			t.outcome.Detail = fmt.Sprintf("the expected text is not in the first %d bytes of the answer", len(body))
		}
	default:
		t.outcome.Result = OK
	}
}

// statusText is a status with Go's words for it; those of the answer come from outside.
func statusText(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// redirect allows what outbound.Follower allows, to the host of the URL and to those that the
// settings name. Where it allows none, the redirect itself is the answer.
func (p *Prober) redirect(next *http.Request, via []*http.Request) error {
	if !p.mayLeadTo(next.URL.Hostname()) {
		return http.ErrUseLastResponse
	}
	next.Close = true // net/http does not copy it
	return p.follower.CheckRedirect(next, via)
}

// mayLeadTo reports whether a redirect may lead to a host: that of the URL, or a named one.
func (p *Prober) mayLeadTo(host string) bool {
	named := func(own string) bool { return strings.EqualFold(own, host) }
	return named(p.home) || slices.ContainsFunc(p.Settings.RedirectHosts, named)
}
