package github

import (
	"errors"
	"strings"
	"testing"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

const asked = `{"action":"requested","environment":"prod","event":"push",
	"deployment_callback_url":"https://api.github.com/repos/acme/cart/actions/runs/5/deployment_protection_rule",
	"deployment":{"id":7,"sha":"0123456789abcdef0123456789abcdef01234567","ref":"main","environment":"prod"},
	"repository":{"full_name":"acme/cart"},"installation":{"id":9},"sender":{"login":"amy"}}`

// What GitHub asks, in Pushback's words; everything else is no question.
func TestQuestion(t *testing.T) {
	s := source(t, changes.Scope{Environments: map[string]string{"prod": "production"}})
	q, err := s.Question(of("deployment_protection_rule"), []byte(asked))
	want := changes.Question{
		Deployment: "7", Repository: "acme/cart", Service: "acme/cart", Environment: "production", ToolsWord: "prod", Version: "0123456789abcdef0123456789abcdef01234567",
		Callback: "https://api.github.com/repos/acme/cart/actions/runs/5/deployment_protection_rule",
	}
	if err != nil || *q != want {
		t.Errorf("%+v, %v", q, err)
	}
	if q, err := s.Question(of("deployment_status"), []byte(fixture(t, "deployment_status.json"))); q != nil || err != nil {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestBadQuestions(t *testing.T) {
	f := func(old, replaced string, ignored bool) {
		t.Helper()
		body := strings.Replace(asked, old, replaced, 1)
		q, err := source(t, changes.Scope{}).Question(of("deployment_protection_rule"), []byte(body))
		var bad *sources.BadEvent
		if q != nil || body == asked || errors.Is(err, changes.ErrIgnored) != ignored || !ignored && !errors.As(err, &bad) {
			t.Errorf("%s: %+v, %v", replaced, q, err)
		}
	}
	f(`"requested"`, `"completed"`, true)
	f(`"environment":"prod"`, `"environment":""`, false)
	f(`"id":7`, `"id":0`, false)
	f(`"0123456789abcdef0123456789abcdef01234567"`, `""`, false)
	f(`"acme/cart"}`, `"acme/../x"}`, false)
	f(`"acme/cart"}`, `""}`, false)
	f(`"deployment_callback_url"`, `"other"`, false)
	f(`{"id":7,"sha":"0123456789abcdef0123456789abcdef01234567","ref":"main","environment":"prod"}`, `null`, false)
	f(`}}`, `}`, false)
}

func FuzzQuestion(f *testing.F) {
	f.Add([]byte(asked))
	s := source(f, changes.Scope{})
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := s.Question(of("deployment_protection_rule"), body)
		if (q == nil) != (err != nil) {
			t.Errorf("%+v, %v", q, err)
		}
		if q != nil && (!isRepository(q.Repository) || q.Version == "" || q.Deployment == "" || q.Callback == "") {
			t.Errorf("%+v", q)
		}
	})
}
