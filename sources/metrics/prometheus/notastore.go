package prometheus

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"strings"

	"github.com/pushback/pushback/sources"
)

// People name a page of Grafana, the wrong port, or a store behind a login or a prefix. What
// answers there is no metric store's API, and the error says what it is and what to write.

// notAStore is the error of an answer that is not of a metric store's API, nil where it may be one.
// kind is the media type of the answer.
func notAStore(r *http.Response, kind string, body []byte) error {
	switch {
	case r.StatusCode == http.StatusUnauthorized && sentLogin(r):
		return fmt.Errorf("answered %s: it refuses the login of pushback.yml", r.Status)
	case r.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("answered %s: it asks for a login; add basic_auth: {username: …, password_file: …} or bearer_token_file", r.Status)
	case r.StatusCode == http.StatusBadRequest && bytes.Contains(body, []byte("HTTP request to an HTTPS server")):
		return fmt.Errorf("answered %s: it speaks TLS; write https:// in url", r.Status)
	case kind == "application/json":
		return nil
	case kind == "text/html":
		return webPage(r, body)
	case r.StatusCode == http.StatusForbidden:
		return fmt.Errorf("answered %s: the login may not query it", r.Status)
	case r.StatusCode == http.StatusNotFound:
		return fmt.Errorf("answered %s: no API of a metric store is below url; %s", r.Status, otherURL(r))
	case r.StatusCode/100 == 2:
		return fmt.Errorf("answered %s with %q, not with JSON: is url right?", r.Status, kind)
	}
	return nil
}

func sentLogin(r *http.Response) bool {
	return r.Request != nil && r.Request.Header.Get("Authorization") != ""
}

// webPage says that url names a page for people, and which.
func webPage(r *http.Response, body []byte) error {
	what := "a web page"
	if t := title(body); t != "" {
		what = fmt.Sprintf("the web page %q", t)
	}
	hint := "is url right, and does it ask for a login?"
	if strings.Contains(strings.ToLower(title(body)), "grafana") {
		hint = "write the URL of the Prometheus that Grafana's data source names"
	}
	return fmt.Errorf("answered %s with %s, not with the API of a metric store: %s", r.Status, what, hint)
}

// title is the title of a web page; "" where it has none.
func title(page []byte) string {
	const begin, end, most = "<title", "</title>", 60
	_, rest, found := bytes.Cut(page, []byte(begin))
	_, rest, open := bytes.Cut(rest, []byte(">"))
	text, _, closed := bytes.Cut(rest, []byte(end))
	if !found || !open || !closed {
		return ""
	}
	return sources.OneLine(html.UnescapeString(string(text[:min(len(text), 4*most)])), most)
}

// otherURL says what else url may have to be: without its path, or with one. It names no path of
// the URL, which may hold a secret.
func otherURL(r *http.Response) string {
	path := ""
	if r.Request != nil {
		path, _, _ = strings.Cut(r.Request.URL.Path, "/api/v1/")
	}
	if strings.Trim(path, "/") != "" {
		return "try it without its path"
	}
	return "a store behind a prefix needs it, as in http://host:9090/prometheus"
}

// explained adds to an error of the connection what to write instead.
func explained(text string) string {
	for words, hint := range map[string]string{
		"first record does not look like a TLS handshake": "it speaks http; write http:// in url",
		"server gave HTTP response to HTTPS client":       "it speaks http; write http:// in url",
		"certificate signed by unknown authority":         "name its CA in tls_config: {ca_file: …}",
	} {
		if strings.Contains(text, words) {
			return hint + ": " + text
		}
	}
	return text
}
