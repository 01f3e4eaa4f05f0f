package gitlab

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

const testSecret = "what the webhook proves itself with"

// signCheck signs as an external status check does.
func signCheck(secret string, body []byte, _ time.Time) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return http.Header{"X-Gitlab-Signature": {hex.EncodeToString(mac.Sum(nil))}}
}

// question has a source verify a delivery and read it as a question, as the server does.
func question(s *Source, h http.Header, body string) (*changes.Question, error) {
	if err := errors.Join(s.VerifyHeader(h, noon), s.Verify(h, []byte(body), noon)); err != nil {
		return nil, err
	}
	return s.Question(h, []byte(body))
}

// What GitLab asks, in Pushback's words.
func TestQuestion(t *testing.T) {
	body := fixture(t, "status_check.json")
	q, err := question(configured(t, Config{Scope: changes.Scope{Environments: map[string]string{"prod": "production"}}}), signCheck(testSecret, []byte(body), noon), body)
	want := changes.Question{
		Deployment: "/projects/30/merge_requests/17/status_checks/1", Repository: "acme/cart", Service: "acme/cart",
		Environment: "production", ToolsWord: "prod", Version: "3f786850e387550fdab836ed7e6dc881de23001b", Callback: "/projects/30/merge_requests/17/status_checks/1",
	}
	if err != nil || *q != want {
		t.Errorf("%+v, %v", q, err)
	}
	branch := strings.Replace(body, `"target_branch": "prod"`, `"target_branch": "release/eu"`, 1)
	if q, err := question(everything(t), signCheck(testSecret, []byte(branch), noon), branch); err != nil || q.Environment != "release/eu" {
		t.Errorf("a branch with a slash: %+v, %v", q, err)
	}
	for _, file := range []string{"deployment.json", "pipeline.json", "feature_flag.json", "release.json"} {
		if q, err := question(everything(t), http.Header{"X-Gitlab-Token": {testSecret}}, fixture(t, file)); q != nil || err != nil {
			t.Errorf("%s: %+v, %v", file, q, err)
		}
	}
}

// A question comes by a signature of its body, and by the status checks' own nothing else does.
func TestProofs(t *testing.T) {
	asks, deploys := fixture(t, "status_check.json"), fixture(t, "deployment.json")
	s := configured(t, Config{})
	both := func(a, b http.Header) http.Header {
		h := a.Clone()
		for name, values := range b {
			h[name] = values
		}
		return h
	}
	own := func(body string) http.Header { return signCheck(testSecret, []byte(body), noon) }
	token := http.Header{"X-Gitlab-Token": {testSecret}}
	unauthorized, bad := func(err error) bool { return errors.Is(err, changes.ErrUnauthorized) }, func(err error) bool { return errors.As(err, new(*sources.BadEvent)) }
	f := func(name string, h http.Header, body string, refused func(error) bool) {
		t.Helper()
		q, err := question(s, h, body)
		if refused == nil && err != nil || refused != nil && (q != nil || !refused(err)) {
			t.Errorf("%s: %+v, %v", name, q, err)
		}
	}
	f("a question by its own signature", own(asks), asks, nil)
	f("by Standard Webhooks", sign(testSecret, []byte(asks), noon), asks, nil)
	f("by both", both(sign(testSecret, []byte(asks), noon), own(asks)), asks, nil)
	f("by the token", token, asks, bad)
	f("without any", http.Header{}, asks, unauthorized)
	f("by the signature of another body", own(deploys), asks, unauthorized)
	f("by the token beside a wrong signature", both(own(deploys), token), asks, unauthorized)
	f("by the token beside an empty signature", both(http.Header{"X-Gitlab-Signature": {""}}, token), asks, unauthorized)
	f("by its own signature beside a wrong one of Standard Webhooks", both(own(asks), sign(testSecret, []byte(deploys), noon)), asks, unauthorized)
	f("by its own signature beside an old one of Standard Webhooks", both(own(asks), sign(testSecret, []byte(asks), noon.Add(-time.Hour))), asks, unauthorized)
	f("by two signatures", http.Header{"X-Gitlab-Signature": {own(asks).Get("X-Gitlab-Signature"), own(asks).Get("X-Gitlab-Signature")}}, asks, unauthorized)
	f("with a prefix", http.Header{"X-Gitlab-Signature": {"sha256=" + own(asks).Get("X-Gitlab-Signature")}}, asks, unauthorized)
	f("by an empty secret", signCheck("", []byte(asks), noon), asks, unauthorized)
	f("a deployment by the status checks' signature", own(deploys), deploys, bad)
	f("no JSON by the status checks' signature", own("{"), "{", bad)
	f("a deployment that names the field in a text", token, strings.Replace(deploys, `"release-7"`, `"external_approval_rule"`, 1), nil)
	f("a deployment by both signatures", both(sign(testSecret, []byte(deploys), noon), own(deploys)), deploys, nil)
}

// Without a secret, a question needs no proof, as every other delivery.
func TestInsecureQuestion(t *testing.T) {
	s, err := New(changes.Options{Name: "gitlab"}, Config{Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	if q, err := question(s, http.Header{}, fixture(t, "status_check.json")); err != nil || q == nil {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestBadQuestions(t *testing.T) {
	asks := fixture(t, "status_check.json")
	f := func(old, replaced, want string) {
		t.Helper()
		body := strings.Replace(asks, old, replaced, 1)
		q, err := question(everything(t), signCheck(testSecret, []byte(body), noon), body)
		bad := (*sources.BadEvent)(nil)
		if q != nil || body == asks || want == "" && !errors.Is(err, changes.ErrIgnored) || want != "" && (!errors.As(err, &bad) || !strings.Contains(bad.Reason, want)) {
			t.Errorf("%s: %+v, %v", replaced, q, err)
		}
	}
	f(`"state": "opened"`, `"state": "closed"`, "")
	f(`"state": "opened"`, `"state": "merged"`, "")
	f(`"state": "opened"`, `"state": "locked"`, "")
	f(`"state": "opened"`, `"x": ""`, "object_attributes.state")
	f(`"object_kind": "merge_request"`, `"object_kind": "note"`, "object_kind")
	f(`"id": 30`, `"id": 0`, "project.id")
	f(`"id": 30`, `"id": -30`, "project.id")
	f(`"id": 30`, `"id": 31`, "target_project_id")
	f(`"id": 30`, `"id": "30/../31"`, "project.id")
	f(`"id": 30`, `"id": 30.5`, "project.id")
	f(`"path_with_namespace"`, `"x"`, "project.path_with_namespace")
	f(`"iid": 17`, `"iid": 0`, "object_attributes.iid")
	f("\"external_approval_rule\": {\n    \"id\": 1", "\"external_approval_rule\": {\n    \"id\": 0", "external_approval_rule.id")
	f(`"target_branch": "prod"`, `"target_branch": ""`, "object_attributes.target_branch")
	f(`"id": "3f786850e387550fdab836ed7e6dc881de23001b"`, `"id": "3f786850"`, "last_commit.id")
	f(`"id": "3f786850e387550fdab836ed7e6dc881de23001b"`, `"id": "../../../../3f786850e387550fdab836ed7e6dc8"`, "last_commit.id")
	f(`"last_commit"`, `"x"`, "last_commit.id")
	f(`"object_kind": "merge_request"`, `"object_kind": "merge_request", "object_kind": "deployment"`, "a key appears twice")
	f(`"event_type": "merge_request",`, `"external_approval_rule": null,`, "a key appears twice")
	f("}\n}\n", "}\n}\n{}", "is missing")
}

func FuzzQuestion(f *testing.F) {
	f.Add([]byte(fixture(f, "status_check.json")))
	f.Add([]byte(fixture(f, "deployment.json")))
	s, err := New(changes.Options{Name: "gitlab"}, Config{Insecure: true})
	if err != nil {
		f.Fatal(err)
	}
	place := regexp.MustCompile(`^/projects/[0-9]+/merge_requests/[0-9]+/status_checks/[0-9]+$`)
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := s.Question(http.Header{}, body)
		if err != nil && (q != nil || !errors.Is(err, changes.ErrIgnored) && !errors.As(err, new(*sources.BadEvent))) {
			t.Errorf("%+v, %v", q, err)
		}
		if q != nil && (q.Repository == "" || q.Environment == "" || !isSHA(q.Version) || !place.MatchString(q.Callback)) {
			t.Errorf("%+v", q)
		}
	})
}
