package prometheus

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/metricstest"
)

// marked is a store whose every option that sends something holds the word.
func marked(word string) Config {
	return Config{
		Headers: map[string]string{"X-Scope-OrgID": word, "Cookie": "session=" + word},
		Params:  map[string]string{"tenant": word},
		HTTP: config.HTTPClientConfig{
			FollowRedirects: true, BasicAuth: &config.BasicAuth{Username: "me", Password: config.Secret(word)},
			HTTPHeaders: &config.Headers{Headers: map[string]config.Header{"X-Api-Key": {Secrets: []config.Secret{config.Secret(word)}}}},
		},
	}
}

// sent is everything that arrived of a request.
func sent(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	text := r.Method + " " + r.URL.String() + "\n" + string(body) + "\n"
	for name, values := range r.Header {
		text += name + ": " + strings.Join(values, ", ") + "\n"
	}
	_, password, _ := r.BasicAuth()
	return text + password
}

// redirecting sends every request on, with the path and query that it has, and a page for
// people, as nginx does.
func redirecting(status int, to string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", to+r.URL.RequestURI())
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html><h1>Permanent Redirect</h1></html>")
	})
}

// A store that moved is followed, and the server where it is now gets the query alone.
func TestRedirectsCarryNothingElsewhere(t *testing.T) {
	const word = "k7Qz-2mXv_9LpRt4W"
	for _, status := range []int{307, 308} {
		var got atomic.Value
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got.Store(sent(r))
			answering(200, "application/json", `{"status":"success","data":`+minute+`}`).ServeHTTP(w, r)
		}))
		defer other.Close()
		series, err := ask(serve(t, redirecting(status, other.URL), marked(word)))
		if err != nil || len(series) != 1 {
			t.Fatalf("%d: %v, %v", status, series, err)
		}
		arrived := got.Load().(string)
		for _, left := range []string{word, "Authorization", "X-Scope", "Cookie", "Api-Key", "tenant", "Referer"} {
			if strings.Contains(arrived, left) {
				t.Errorf("%d: %q reached another server:\n%s", status, left, arrived)
			}
		}
		if !strings.HasPrefix(arrived, "POST ") || !strings.Contains(arrived, "query=m") || !strings.Contains(arrived, "deny_partial_response=1") {
			t.Errorf("%d: the query did not arrive:\n%s", status, arrived)
		}
	}
}

// Another path of the same server is the same server.
func TestRedirectsAtHomeKeepTheCredentials(t *testing.T) {
	const word = "k7Qz-2mXv_9LpRt4W"
	var got atomic.Value
	series, err := ask(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/moved/") {
			http.Redirect(w, r, "/moved"+r.URL.RequestURI(), http.StatusPermanentRedirect)
			return
		}
		got.Store(sent(r))
		answering(200, "application/json", `{"status":"success","data":`+minute+`}`).ServeHTTP(w, r)
	}), marked(word)))
	if err != nil || len(series) != 1 || strings.Count(got.Load().(string), word) < 4 {
		t.Errorf("%v, %v, %v", series, err, got.Load())
	}
}

func TestRedirectsThatAreNotFollowed(t *testing.T) {
	const word = "k7Qz-2mXv_9LpRt4W"
	var reached atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer other.Close()
	f := func(status int, location, want string) {
		t.Helper()
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(status)
		})
		_, err := ask(serve(t, h, marked(word)))
		metricstest.CheckFault(t, location, err, sources.SourceError, word, "in-the-query")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d to %s: %v, want %q", status, location, err, want)
		}
	}
	for _, status := range []int{301, 302, 303} {
		f(status, other.URL+"/?token=in-the-query", "would lose the query")
	}
	for _, host := range []string{"169.254.169.254", "[fe80::1%25lo]", "[::ffff:169.254.169.254]", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "metadata.google.internal"} {
		f(307, "http://"+host+"/latest/meta-data?token=in-the-query", "link-local")
	}
	f(307, "file:///etc/passwd?in-the-query", "not http")
	f(307, "gopher://in-the-query", "not http")
	f(308, strings.Replace(other.URL, "//", "//me:in-the-query@", 1), "user or password")
	f(307, "/again", "more than three times")
	if n := reached.Load(); n != 0 {
		t.Errorf("%d requests reached the other server", n)
	}
}

// A server that sends the request back would have it answered with our credentials.
func TestRedirectsDoNotComeBack(t *testing.T) {
	var home string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, home+"/api/v1/admin/tsdb/delete_series", http.StatusTemporaryRedirect)
	}))
	defer other.Close()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "admin") {
			t.Error("the request came back")
		}
		home = "http://" + r.Host
		redirecting(http.StatusTemporaryRedirect, other.URL).ServeHTTP(w, r)
	})
	if _, err := ask(serve(t, h, marked("k7Qz-2mXv_9LpRt4W"))); err == nil || !strings.Contains(err.Error(), "redirects back") {
		t.Errorf("got %v", err)
	}
}

func TestRedirectsStayEncrypted(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request was sent in the clear") }))
	defer plain.Close()
	secure := httptest.NewTLSServer(redirecting(http.StatusPermanentRedirect, plain.URL))
	defer secure.Close()
	c := marked("k7Qz-2mXv_9LpRt4W")
	c.URL, c.HTTP.TLSConfig.InsecureSkipVerify = secure.URL, true
	if _, err := ask(serve(t, nil, c)); err == nil || !strings.Contains(err.Error(), "from https to http") {
		t.Errorf("got %v", err)
	}
}

func TestRedirectsCanBeTurnedOff(t *testing.T) {
	c := marked("k7Qz-2mXv_9LpRt4W")
	c.HTTP.FollowRedirects = false
	if _, err := ask(serve(t, redirecting(http.StatusPermanentRedirect, "http://127.0.0.1:1"), c)); err == nil || !strings.Contains(err.Error(), "308") {
		t.Errorf("got %v", err)
	}
}

// A server may repeat what it was sent in its errors and warnings, as it was or escaped.
func TestEchoedCredentialsAreRedacted(t *testing.T) {
	const word = `k7Qz/2mXv+9LpRt4"W=`
	echo := func(status int, body string) {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, password, _ := r.BasicAuth()
			quoted := strings.NewReplacer(`"`, `\"`)
			text := quoted.Replace(r.Header.Get("Authorization") + " " + password + " " + r.Header.Get("X-Api-Key") + " " + r.URL.RawQuery)
			answering(status, "application/json", strings.Replace(body, "ECHO", text, 1)).ServeHTTP(w, r)
		})
		_, err := ask(serve(t, h, marked(word)))
		metricstest.CheckFault(t, body, err, sources.SourceError, word, "k7Qz", "bWU6a")
	}
	echo(401, `{"status":"error","errorType":"bad_data","error":"wrong: ECHO"}`)
	echo(401, `wrong: ECHO`)
	echo(200, `{"status":"error","errorType":"internal","error":"ECHO"}`)
	echo(200, `{"status":"success","data":`+minute+`,"warnings":["ECHO"]}`)
}
