package server

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/pushback/pushback/sources/changes"
)

// A lost delivery is stored as the delivery itself is: a late one is its duplicate.
func TestFill(t *testing.T) {
	p := listen(t, withGitHub(t, "cart"))
	body := deployment(1, "success")
	events, err := p.server.Sources["github"].Source.Parse(http.Header{"X-Github-Event": {"deployment_status"}}, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	d := changes.Delivery{Events: events, Raw: []byte(body)}
	accepted, stored, err := p.server.Fill(t.Context(), "github", d)
	if err != nil || len(accepted) != 1 || len(stored) != 1 || !accepted[0].Created || stored[0].Source != "github" || stored[0].Service != "cart" {
		t.Errorf("%+v, %+v, %v", accepted, stored, err)
	}
	if accepted, stored, err := p.server.Fill(t.Context(), "github", d); err != nil || len(accepted)+len(stored) != 0 {
		t.Errorf("filled twice: %+v, %+v, %v", accepted, stored, err)
	}
	if status, answer, _ := p.ask(http.MethodPost, "/hooks/github", body, githubHeaders(body)...); status != http.StatusOK || !strings.Contains(answer, `"duplicate":true`) {
		t.Errorf("the late delivery: %d %s", status, answer)
	}
	d.Events[0].Service, d.Events[0].EventID = "pay", "another"
	if _, stored, err := p.server.Fill(t.Context(), "github", d); !errors.Is(err, changes.ErrNotAllowed) || len(stored) != 0 {
		t.Errorf("of a service that the source may not speak for: %+v, %v", stored, err)
	}
}

// GitHub sends forms unless it is told otherwise: the answer says which setting to change.
func TestAFormIsToldWhichSettingToChange(t *testing.T) {
	p := listen(t, withGitHub(t))
	body := "payload=%7B%7D"
	status, answer, _ := p.ask(http.MethodPost, "/hooks/github", body, "X-GitHub-Event", "deployment", "X-Hub-Signature-256", sign(body), "Content-Type", "application/x-www-form-urlencoded")
	if status != http.StatusUnsupportedMediaType || !strings.Contains(answer, "Content type") || !strings.Contains(answer, "application/json") {
		t.Errorf("%d %s", status, answer)
	}
}
