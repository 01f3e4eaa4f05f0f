package github

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/protection"
	"github.com/pushback/pushback/notify/sendertest"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// protecting holds production back until staging is well.
func protecting(t testing.TB, url string) *Reporter {
	t.Helper()
	g, err := New(Config{
		APIURL: url, TokenFile: sendertest.SecretFile(t, token), Check: NoCheck,
		Settings: protection.Settings{Protection: map[string]string{"production": "staging"}, WaitAtMost: 2 * time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// The token goes to the one address that GitHub documents, and to no other.
func TestCallbacks(t *testing.T) {
	const good = "/repos/acme/cart/actions/runs/5/deployment_protection_rule"
	f := func(api, callback, repository string, taken bool) {
		t.Helper()
		w, err := protecting(t, api).Waits(changes.Question{Deployment: "7", Repository: repository, Environment: "production", ToolsWord: "prod", Callback: callback})
		var bad *sources.BadEvent
		if !taken {
			if !errors.As(err, &bad) || callback != "" && strings.Contains(err.Error(), callback) {
				t.Errorf("%s: %v, %v", callback, w, err)
			}
			return
		}
		want := notify.Wait{ID: "/repos/acme/cart/actions/runs/5/7", Place: "/repos/acme/cart/actions/runs/5", ToolsWord: "prod", Environment: "staging", AtMost: 2 * time.Hour}
		if err != nil || w != want {
			t.Errorf("%s: %+v, %v", callback, w, err)
		}
	}
	const hub, enterprise = "https://api.github.com", "https://github.example.com/api/v3/"
	f(hub, hub+good, "acme/cart", true)
	f(hub, hub+good, "ACME/Cart", true)
	f(hub+"/", hub+good, "acme/cart", true)
	f(enterprise, "https://github.example.com/api/v3"+good, "acme/cart", true)
	f(hub, hub+good, "acme/other", false)
	f(hub, hub+good+"/", "acme/cart", false)
	f(hub, hub+good+"?x=1", "acme/cart", false)
	f(hub, hub+good+"#", "acme/cart", false)
	f(hub, hub+good+"\n", "acme/cart", false)
	f(hub, "http://api.github.com"+good, "acme/cart", false)
	f(hub, "https://api.github.com:444"+good, "acme/cart", false)
	f(hub, "https://api.github.com.evil.example"+good, "acme/cart", false)
	f(hub, "https://api.github.com@evil.example"+good, "acme/cart", false)
	f(hub, "https://evil.example"+good, "acme/cart", false)
	f(hub, hub+"/repos/acme/cart/../../x/y/actions/runs/5/deployment_protection_rule", "acme/cart", false)
	f(hub, hub+"/repos/acme/../actions/runs/5/deployment_protection_rule", "acme/..", false)
	f(hub, hub+strings.Replace(good, "/5/", "/05/", 1), "acme/cart", false)
	f(hub, hub+strings.Replace(good, "/5/", "/-5/", 1), "acme/cart", false)
	f(hub, hub+strings.Replace(good, "/5/", "/5%2f/", 1), "acme/cart", false)
	f(hub, hub+strings.Replace(good, "/5/", "/1234567890123456789/", 1), "acme/cart", false)
	f(hub, "", "acme/cart", false)
}

// What no setting names is not held back, and nothing is called.
func TestUnprotected(t *testing.T) {
	_, err := protecting(t, "https://api.github.com").Waits(changes.Question{Environment: "staging", Callback: "x"})
	if !errors.Is(err, changes.ErrIgnored) {
		t.Error(err)
	}
}

// GitHub takes one answer, and refuses the second.
func TestAnswer(t *testing.T) {
	h := hub(t)
	g := protecting(t, h.URL)
	w, err := g.Waits(changes.Question{Deployment: "7", Repository: "acme/cart", Environment: "production", ToolsWord: "production", Callback: h.Hold(5, "production")})
	if err != nil {
		t.Fatal(err)
	}
	a := notify.Answer{Approved: true, Why: "`@all` healthy", Lines: []string{"red: healthy", "  errors 1 % → 1 %"}, Link: "https://pushback.example/changes/k"}
	if err := g.Answer(t.Context(), w, a); err != nil {
		t.Fatal(err)
	}
	if err := g.Answer(t.Context(), w, notify.Answer{Why: "no"}); !errors.Is(err, notify.ErrAnswered) {
		t.Errorf("a second answer: %v", err)
	}
	want := "**Pushback: approved**\n\n"
	all := h.Reviews()
	if len(all) != 1 || all[0].State != "approved" || !strings.HasPrefix(all[0].Comment, want) || !strings.Contains(all[0].Comment, "errors 1 % → 1 %") ||
		!strings.Contains(all[0].Comment, "<https://pushback.example/changes/k>") || !strings.Contains(all[0].Comment, "`` ") {
		t.Errorf("%+v", all)
	}
	w.Place = "/repos/acme/cart/actions/runs/6"
	h.Hold(6, "production")
	if err := g.Answer(t.Context(), w, notify.Answer{Why: "regressed"}); err != nil || h.Reviews()[1].State != "rejected" {
		t.Errorf("%v, %+v", err, h.Reviews())
	}
}

// What the tool's answer means.
func TestAnswerErrors(t *testing.T) {
	f := func(status int, permanent, answered bool) {
		t.Helper()
		h := hub(t)
		h.Before(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(status); return true })
		err := protecting(t, h.URL).Answer(t.Context(), notify.Wait{Place: "/repos/acme/cart/actions/runs/5"}, notify.Answer{Why: "x"})
		if err == nil || errors.Is(err, notify.ErrPermanent) != permanent || errors.Is(err, notify.ErrAnswered) != answered || strings.Contains(err.Error(), token) {
			t.Errorf("%d: %v", status, err)
		}
	}
	f(401, false, false)
	f(403, false, false)
	f(404, true, false)
	f(422, true, true)
	f(502, false, false)
}

// The settings are checked when the report is made.
func TestProtectionSettings(t *testing.T) {
	c := Config{APIURL: "https://api.github.com", TokenFile: sendertest.SecretFile(t, token), Check: NoCheck}
	if _, err := New(c); err == nil {
		t.Error("a report that writes nothing is taken")
	}
	c.Protection = map[string]string{"production": "production"}
	if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "protection: ") {
		t.Error(err)
	}
}

// Whatever the address is, what is called is a run of the delivery's own repository below api_url.
func FuzzWaits(f *testing.F) {
	f.Add("https://api.github.com/repos/acme/cart/actions/runs/5/deployment_protection_rule", "acme/cart")
	f.Add("https://api.github.com@evil.example/repos/acme/cart/actions/runs/5/deployment_protection_rule", "acme/cart")
	g := protecting(f, "https://api.github.com")
	f.Fuzz(func(t *testing.T, callback, repository string) {
		w, err := g.Waits(changes.Question{Deployment: "7", Repository: repository, Environment: "production", Callback: callback})
		if err != nil {
			return
		}
		run, ours := strings.CutPrefix(strings.ToLower(w.Place), "/repos/"+strings.ToLower(repository)+"/actions/runs/")
		if !ours || strings.Trim(run, "0123456789") != "" || callback != "https://api.github.com"+w.Place+"/deployment_protection_rule" {
			t.Errorf("%q of %q: %+v", callback, repository, w)
		}
	})
}
