package argocd

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/internal/proof/forges"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

const token = "argocd-token-of-32-characters-ok"

func reporterOn(t *testing.T, url string, alter func(c *Config)) *Reporter {
	t.Helper()
	c := Config{URL: url, TokenFile: sendertest.SecretFile(t, token)}
	if alter != nil {
		alter(&c)
	}
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestContract(t *testing.T) {
	sendertest.Run(t, sendertest.Subject{
		Reports: true,
		Secrets: []string{token}, Permanent: []int{http.StatusNotFound}, Names: 3,
		Reads: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"metadata": {}}`) },
		New: func(t *testing.T, url string) notify.Sender {
			a, err := New(Config{URL: url, TokenFile: sendertest.SecretFile(t, token), Application: "cart"})
			return sendertest.Reporting(t, a, err, "", func(*notify.Report) {})
		},
	})
}

func TestAnnotations(t *testing.T) {
	argo := forges.NewArgoCD(t, token)
	a, remote := reporterOn(t, argo.URL, nil), ""
	names, reports := sendertest.States()
	for i, r := range reports {
		var err error
		if remote, err = a.Report(t.Context(), r, remote); err != nil {
			t.Fatalf("%s: %v", names[i], err)
		}
		if got := argo.Annotations()[prefix+"verdict"]; got != string(r.Verdict) {
			t.Errorf("%s: %s", names[i], got)
		}
	}
	want := map[string]string{
		"team": "shop", prefix + "verdict": "regressed", prefix + "change": sendertest.Report().Key, prefix + "version": "v2",
		prefix + "at": "2026-11-20T12:12:00Z", prefix + "started-at": "2026-11-20T12:00:00Z",
		prefix + "summary": "cart deploy v2 in production: regressed; rolled back to v1 and well again", prefix + "link": sendertest.Report().Link,
	}
	if diff := cmp.Diff(want, argo.Annotations()); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	before := len(argo.Calls())
	if _, err := a.Report(t.Context(), reports[len(reports)-1], remote); err != nil || len(argo.Calls()) != before {
		t.Errorf("%v, %d requests for no news", err, len(argo.Calls())-before)
	}
}

// A late report about an older change does not replace that of a newer one.
func TestNewestChangeCounts(t *testing.T) {
	argo := forges.NewArgoCD(t, token)
	a, older := reporterOn(t, argo.URL, nil), sendertest.Report()
	newer := older
	newer.Key, newer.Version, newer.StartedAt = "newer", "v3", older.StartedAt.Add(time.Minute)
	for _, r := range []notify.Report{older, newer, older} {
		if _, err := a.Report(t.Context(), r, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := argo.Annotations()[prefix+"version"]; got != "v3" {
		t.Errorf("version %s", got)
	}
}

// Which application a change has, and that no name leads elsewhere.
func TestApplications(t *testing.T) {
	f := func(setting, label, service, want string) {
		t.Helper()
		r := notify.Report{Service: service, Environment: "production", Labels: map[string]string{ApplicationLabel: label}}
		app, err := reporterOn(t, "https://argo.example", func(c *Config) { c.Application = setting }).application(r)
		if (want == "") != (err != nil) || err == nil && app.name != want || err != nil && !errors.Is(err, notify.ErrPermanent) {
			t.Errorf("%q %q %q: %+v, %v", setting, label, service, app, err)
		}
	}
	f("", "", "cart", "cart")
	f("", "shop-cart", "cart", "shop-cart")
	f("$service-$environment", "shop-cart", "cart", "cart-production")
	f("", "$service", "cart", "service")
	for _, hostile := range []string{"../x", "a/b", "a?b", "a..b", "", "Cart", "a b", strings.Repeat("a", 300)} {
		f("", "", hostile, "")
		f("$service", "cart", hostile, "")
	}
}

func TestSettings(t *testing.T) {
	f := func(alter func(c *Config), want string) {
		t.Helper()
		c := Config{URL: "https://argo.example", TokenFile: sendertest.SecretFile(t, token)}
		alter(&c)
		if _, err := New(c); (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f(func(c *Config) { c.Project, c.AppNamespace = "shop", "argocd" }, "")
	f(func(c *Config) { c.Application = "$srvice" }, "application has a placeholder")
	f(func(c *Config) { c.TokenFile = "" }, "token_file is missing")
}

// An application that Argo CD does not know, with and without its project.
func TestUnknownApplication(t *testing.T) {
	argo := forges.NewArgoCD(t, token)
	f := func(project string, permanent bool) {
		t.Helper()
		_, err := reporterOn(t, argo.URL, func(c *Config) { c.Application, c.Project = "elsewhere", project }).Report(t.Context(), sendertest.Report(), "")
		if err == nil || errors.Is(err, notify.ErrPermanent) != permanent {
			t.Errorf("project %q: %v", project, err)
		}
	}
	f("", false)
	f("shop", true)
}
