package server

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/generic"
)

// stranger is what a request has that comes through a proxy.
var stranger = []string{"X-Forwarded-For", "203.0.113.9"}

// answered is all that a stranger sees of an answer, with the name that was asked for blanked.
func answered(p *testServer, method, path, name, body string, headers ...string) string {
	status, answer, h := p.ask(method, path, body, append(stranger, headers...)...)
	h.Del("Date")
	if strings.Contains(h.Get("Location")+answer, name) {
		h.Del("Content-Length")
	}
	all := fmt.Sprint(status, h, answer)
	return strings.ReplaceAll(all, name, "NAME")
}

// madeUp are headers with credentials that nobody gave out.
func madeUp() map[string][]string {
	zeros := strings.Repeat("0", 64)
	return map[string][]string{
		"none":    nil,
		"token":   {"Authorization", "Bearer " + strings.Repeat("x", 40)},
		"basic":   {"Authorization", "Basic YTpi"},
		"cookie":  {"Cookie", sessionCookie + "=" + strings.Repeat("A", 43) + "." + strings.Repeat("A", 43)},
		"github":  {"X-Hub-Signature-256", "sha256=" + zeros, "X-GitHub-Event", "deployment_status"},
		"webhook": {"Webhook-Id", "1", "Webhook-Timestamp", strconv.FormatInt(testNow.Unix(), 10), "Webhook-Signature", "v1,AAAA"},
		"invited": {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example.com"},
	}
}

// everySource is a server with a source of each way to be signed, one unsigned, a receiver that hears, and one change.
func everySource(t *testing.T) *testServer {
	return listen(t, func(o *Options) {
		withGitHub(t)(o)
		file := filepath.Join(t.TempDir(), "ci")
		if err := os.WriteFile(file, []byte("only-the-ci-knows-this-one"), 0o600); err != nil {
			t.Fatal(err)
		}
		signed, err := generic.New(changes.Options{Name: "jenkins"}, generic.Config{SecretFiles: []string{file}})
		if err != nil {
			t.Fatal(err)
		}
		open, err := generic.New(changes.Options{Name: "unsigned"}, generic.Config{Insecure: true})
		if err != nil {
			t.Fatal(err)
		}
		o.Sources["jenkins"], o.Sources["unsigned"] = Endpoint{Source: signed}, Endpoint{Source: open, Insecure: true}
		o.Rules = oneRule{}
		o.Receivers = map[string]http.Handler{"chat": http.HandlerFunc(unsigned), anyReceiver: http.HandlerFunc(unsigned)}
	})
}

// TestStrangersLearnNoNames asks every address for what there is and for what there is not, with
// all kinds of credentials that are wrong: the answers are the same.
func TestStrangersLearnNoNames(t *testing.T) {
	p := everySource(t)
	key := p.mustStore(bad)
	existing := map[string]string{"{key}": key, "{name}": key, "{rule}": "red", "{service}": "cart", "{source}": "github", "{id}": "h1", "{receiver}": "chat"}
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	compared := 0
	for _, r := range allRoutes(t, p) {
		placeholder := parameter.FindString(r.path)
		if placeholder == "" || placeholder == "{name...}" { // assets are everybody's
			continue
		}
		there := existing[placeholder]
		if there == "" {
			t.Errorf("%s %s: say in this test what there is of %s", r.method, r.path, placeholder)
			continue
		}
		for kind, headers := range madeUp() {
			for _, more := range []string{"", "?token=AAAA", "?next=/"} {
				f := func(name string) string {
					headers := append([]string{"Content-Type", "application/json"}, headers...)
					return answered(p, r.method, strings.ReplaceAll(r.path, placeholder, name)+more, name, `{"actor":"x"}`, headers...)
				}
				if got, want := f(there), f("nobody-has-this"); got != want {
					t.Errorf("%s %s%s, credentials %s:\n%s\nfor what is not there:\n%s", r.method, r.path, more, kind, got, want)
				}
				compared++
			}
		}
	}
	if compared < 300 {
		t.Errorf("only %d answers were compared", compared)
	}
}

// TestSourcesAnswerStrangersAlike sends bodies that are refused for different reasons, at different
// moments, to every source and to none.
func TestSourcesAnswerStrangersAlike(t *testing.T) {
	p := everySource(t)
	bodies := map[string]string{"empty": "", "event": event("d1"), "no JSON": "{", "large": strings.Repeat(" ", maxBody+1)}
	types := []string{"application/json", "text/plain", "application/x-www-form-urlencoded", ""}
	seen := map[string]bool{}
	for kind, headers := range madeUp() {
		for size, body := range bodies {
			for _, media := range types {
				f := func(name string) string {
					return answered(p, http.MethodPost, "/hooks/"+name, name, body, append([]string{"Content-Type", media}, headers...)...)
				}
				want := f("nobody-has-this")
				seen[want[:3]] = true
				for _, name := range []string{"github", "jenkins", "unsigned"} {
					if got := f(name); got != want {
						t.Errorf("%s, %s, body %s as %q:\n%s\nfor no source:\n%s", name, kind, size, media, got, want)
					}
				}
			}
		}
	}
	if all := slices.Sorted(maps.Keys(seen)); len(all) < 4 { // 401, 403, 413, 415
		t.Errorf("only %s were answered: too few reasons", all)
	}
	if p.changes() != 0 {
		t.Error("a change was stored")
	}
}

// TestReadinessNamesNothing checks that strangers learn which parts are in trouble, and no names.
func TestReadinessNamesNothing(t *testing.T) {
	p := listen(t, func(o *Options) {
		o.Ready = func() []api.ComponentProblem {
			return []api.ComponentProblem{{Component: "hooks/payments-argo", Detail: "a"}, {Component: "hooks/payments-flux", Detail: "b"}, {Component: "metrics/internal/targets", Detail: "c"}}
		}
	})
	_, answer, _ := p.ask(http.MethodGet, "/readyz", "", stranger...)
	if want := `{"ready":true,"problems":[{"component":"hooks","detail":""},{"component":"metrics","detail":""}]}`; strings.TrimSpace(answer) != want {
		t.Errorf("got %s, want %s", answer, want)
	}
	if _, answer, _ = p.ask(http.MethodGet, "/readyz", ""); !strings.Contains(answer, "payments-flux") {
		t.Errorf("a reader gets %s", answer)
	}
}
