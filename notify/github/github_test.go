package github

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/forges"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/comment"
	"github.com/pushback/pushback/notify/sendertest"
	"github.com/pushback/pushback/sources"
)

var update = flag.Bool("update", false, "write the golden files anew")

// hub is a scripted GitHub on which the example's commit came by pull request 17.
func hub(t *testing.T) *forges.GitHub {
	t.Helper()
	return forges.NewGitHub(t, token, map[string]forges.Pull{sha: {Number: 17, MergeCommitSHA: sha, MergedAt: "2026-11-20T11:00:00Z"}})
}

func reporterOn(t *testing.T, c Config) *Reporter {
	t.Helper()
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// What people see at each state of a change.
func TestBodies(t *testing.T) {
	h := hub(t)
	var got strings.Builder
	names, reports := sendertest.States()
	for i, r := range reports {
		here(&r)
		r.Key = fmt.Sprintf("key%d", i)
		for _, check := range []string{CommitStatus, CheckRun} {
			if _, err := reporterOn(t, only(t, h.URL, check, check == CommitStatus, check == CommitStatus)).Report(t.Context(), r, ""); err != nil {
				t.Fatal(err)
			}
		}
		statuses, runs, comments := h.Statuses(), h.CheckRuns(), h.Comments()
		shown := map[string]any{"commit status": statuses[len(statuses)-1], "check run": runs[len(runs)-1], "deployment": nil}
		if d := h.DeploymentStatuses(101); len(d) > 0 {
			shown["deployment"] = d[len(d)-1]
		}
		text, err := json.MarshalIndent(shown, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "## %s\n%s\n\n%s\n", names[i], text, comments[len(comments)-1].Body)
	}
	golden := filepath.Join("testdata", "bodies.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != got.String() {
		t.Errorf("%s is another now (%v): run with -update, and read the difference. Got:\n%s", golden, err, got.String())
	}
}

// A change is reported in one place, whatever happens between two reports.
func TestInPlace(t *testing.T) {
	names, reports := sendertest.States()
	f := func(name, check string, between func(h *forges.GitHub, remote string) string) {
		t.Run(name, func(t *testing.T) {
			h, remote := hub(t), ""
			for i, r := range reports {
				here(&r)
				now, err := reporterOn(t, only(t, h.URL, check, true, true)).Report(t.Context(), r, remote)
				if err != nil {
					t.Fatalf("%s: %v", names[i], err)
				}
				remote = between(h, now)
			}
			comments := h.Comments()
			if len(comments) != 1 || comments[0].On != 17 || !strings.Contains(comments[0].Body, "well again") {
				t.Errorf("comments: %+v", comments)
			}
			if runs := h.CheckRuns(); check == CheckRun && (len(runs) != 1 || runs[0].Conclusion != "failure") {
				t.Errorf("check runs: %+v", runs)
			}
		})
	}
	for _, check := range []string{CommitStatus, CheckRun} {
		f(check, check, func(_ *forges.GitHub, remote string) string { return remote })
		f(check+", what was stored is lost", check, func(*forges.GitHub, string) string { return "" })
		f(check+", what was stored is of something else", check, func(*forges.GitHub, string) string { return "{[" })
	}
}

// A deleted comment is written again; other comments stay.
func TestDeletedComment(t *testing.T) {
	h := hub(t)
	g := reporterOn(t, only(t, h.URL, NoCheck, false, true))
	r := sendertest.Report()
	here(&r)
	remote, err := g.Report(t.Context(), r, "")
	if err != nil {
		t.Fatal(err)
	}
	h.DeleteComments()
	for range 120 {
		h.AddComment(17, "CONTRIBUTOR", "nice")
	}
	if remote, err = g.Report(t.Context(), r, remote); err != nil {
		t.Fatal(err)
	}
	if _, err = g.Report(t.Context(), r, ""); err != nil { // it is on the second page
		t.Fatal(err)
	}
	if all := h.Comments(); len(all) != 121 || !strings.HasPrefix(all[120].Body, comment.Marker(r.Key)) || !strings.Contains(remote, "pull") {
		t.Errorf("%d comments, remote %s", len(all), remote)
	}
}

// The answer to each write is lost once: the next attempt finds what was written.
func TestLostAnswers(t *testing.T) {
	for _, check := range []string{CommitStatus, CheckRun} {
		h := hub(t)
		g := reporterOn(t, only(t, h.URL, check, true, true))
		lost := map[string]bool{}
		h.LoseAnswer(func(r *http.Request) bool {
			first := r.Method != http.MethodGet && !lost[r.URL.Path]
			lost[r.URL.Path] = true
			return first
		})
		r, remote := sendertest.Report(), ""
		here(&r)
		var err error
		for range 4 {
			remote, err = g.Report(t.Context(), r, remote)
		}
		if err != nil || len(lost) < 3 {
			t.Fatalf("%v, lost %v", err, lost)
		}
		if c, d, n := h.Comments(), h.DeploymentStatuses(101), h.CheckRuns(); len(c) != 1 || len(d) != 1 || len(n) > 1 {
			t.Errorf("%d comments, %d deployment statuses, %d check runs", len(c), len(d), len(n))
		}
	}
}

// Nothing is written again that stands there as it should.
func TestNothingNew(t *testing.T) {
	h := hub(t)
	g := reporterOn(t, only(t, h.URL, CommitStatus, true, false))
	r := sendertest.Report()
	here(&r)
	remote, err := g.Report(t.Context(), r, "")
	if err != nil {
		t.Fatal(err)
	}
	before := len(h.Calls())
	if _, err := g.Report(t.Context(), r, remote); err != nil || len(h.Calls()) != before {
		t.Errorf("%v, %d requests for no news", err, len(h.Calls())-before)
	}
}

// Which changes are written about, and where.
func TestTargets(t *testing.T) {
	f := func(version string, want string, ids ...string) {
		t.Helper()
		r := notify.Report{Version: version}
		for _, id := range ids {
			r.Witnesses = append(r.Witnesses, sources.Witness{ChangeID: id})
		}
		got := "nowhere"
		if at, found := targetOf(r); found {
			got = fmt.Sprint(at.repository, " ", at.deployment, " ", at.sha != "")
		}
		if got != want {
			t.Errorf("%v %s: %s, want %s", ids, version, got, want)
		}
	}
	f(sha, "/repos/acme/cart 101 true", "github:acme/cart/101")
	f("v1.2.0", "/repos/acme/cart 0 false", "github:acme/cart/releases/7")
	f(sha, "/repos/acme/cart 0 true", "github:acme/cart/runs/30/1")
	f(sha, "/repos/acme/cart 101 true", "github:acme/cart/runs/30/1", "github:acme/cart/101")
	f(sha, "/repos/acme/cart.js 101 true", "github:acme/cart.js/101")
	f(sha[:12], "/repos/acme/cart 101 false", "github:acme/cart/101")
	f(sha, "nowhere", "deploy-17")
	for _, hostile := range []string{"github:../../x/1", "github:acme/../1", "github:acme/cart/1/../../x", "github:acme/cart?x=/1", "github:acme/cart/1\n", "gitlab:1/2", "github:acme/.git/1", "github:a%2fb/c/1"} {
		f(sha, "nowhere", hostile)
	}
}

// Strangers cannot have their comment taken for ours.
func TestStrangersComment(t *testing.T) {
	h := hub(t)
	r := sendertest.Report()
	here(&r)
	h.AddComment(17, "NONE", comment.Marker(r.Key)+" all is well")
	if _, err := reporterOn(t, only(t, h.URL, NoCheck, false, true)).Report(t.Context(), r, ""); err != nil {
		t.Fatal(err)
	}
	if all := h.Comments(); len(all) != 2 || all[0].Edits != 0 {
		t.Errorf("%+v", all)
	}
}

// What GitHub refuses, and what that leads to.
func TestRefusals(t *testing.T) {
	f := func(name string, status int, header map[string]string, body string, permanent bool, after time.Duration) {
		t.Helper()
		h := hub(t)
		h.Before(func(w http.ResponseWriter, _ *http.Request) bool {
			for key, value := range header {
				w.Header().Set(key, value)
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		})
		r := sendertest.Report()
		here(&r)
		_, err := reporterOn(t, only(t, h.URL, CommitStatus, true, true)).Report(t.Context(), r, "")
		var retry *notify.RetryAfter
		errors.As(err, &retry)
		if err == nil || errors.Is(err, notify.ErrPermanent) != permanent || (retry != nil) != (after > 0) || retry != nil && (retry.After < after-5*time.Second || retry.After > after) {
			t.Errorf("%s: %v", name, err)
		}
	}
	reset := fmt.Sprint(time.Now().Add(10 * time.Minute).Unix())
	f("no such repository", 404, nil, `{"message":"Not Found"}`, true, 0)
	f("no such commit", 422, nil, `{"message":"No commit found"}`, true, 0)
	f("a wrong token", 401, nil, `{"message":"Bad credentials"}`, false, 0)
	f("a token without the right", 403, nil, `{"message":"Resource not accessible by personal access token"}`, false, 0)
	f("the quota is used up", 403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}, `{"message":"API rate limit exceeded"}`, false, 10*time.Minute)
	f("too fast", 403, map[string]string{"Retry-After": "60"}, `{"message":"You have exceeded a secondary rate limit"}`, false, time.Minute)
	f("too fast, without a time", 403, nil, `{"message":"You have exceeded a secondary rate limit"}`, false, quotaPause)
	f("429", 429, map[string]string{"Retry-After": "30"}, "", false, 30*time.Second)
}

const quotaPause = time.Minute

// One part that is refused for good does not keep the others from being tried again.
func TestOnePartFails(t *testing.T) {
	h := hub(t)
	broken := true
	h.Before(func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.Contains(r.URL.Path, "/deployments/"):
			w.WriteHeader(http.StatusNotFound)
		case broken && strings.HasSuffix(r.URL.Path, "/comments"):
			w.WriteHeader(http.StatusBadGateway)
		default:
			return false
		}
		return true
	})
	g := reporterOn(t, only(t, h.URL, CommitStatus, true, true))
	r := sendertest.Report()
	here(&r)
	remote, err := g.Report(t.Context(), r, "")
	if err == nil || errors.Is(err, notify.ErrPermanent) || len(h.Statuses()) != 1 {
		t.Errorf("%v, statuses %v", err, h.Statuses())
	}
	broken = false
	if remote, err = g.Report(t.Context(), r, remote); !errors.Is(err, notify.ErrPermanent) || len(h.Comments()) != 1 || len(h.Statuses()) != 1 {
		t.Errorf("%v, remote %s", err, remote)
	}
}

func TestSettings(t *testing.T) {
	f := func(change func(c *Config), want string) {
		t.Helper()
		c := only(t, "https://api.github.com", CommitStatus, true, true)
		change(&c)
		if _, err := New(c); (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f(func(*Config) {}, "")
	f(func(c *Config) { c.Check = "both" }, "check is none of")
	f(func(c *Config) { c.Check, c.Comment, c.DeploymentStatus = NoCheck, false, false }, "check is none, deployment_status")
	f(func(c *Config) { c.TokenFile = "" }, "token_file is missing")
	f(func(c *Config) { c.APIURL = "ftp://x" }, "api_url: ")
	var d Config
	if d.SetDefaults(); d.APIURL != "https://api.github.com" || !d.Comment || !d.DeploymentStatus || d.Check != CommitStatus {
		t.Errorf("defaults %+v", d)
	}
}
