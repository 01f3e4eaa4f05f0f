package github

import (
	"errors"
	"strings"
	"testing"

	"github.com/pushback/pushback/sources/changes"
)

// Our own verdict on a deployment comes back as a delivery: it must not end the change.
func TestOwnStatusIsIgnored(t *testing.T) {
	s := source(t, changes.Scope{})
	f := func(description string, ignored bool) {
		t.Helper()
		body := strings.Replace(fixture(t, "deployment_status.json"), `"description": ""`, `"description": "`+description+`"`, 1)
		if !strings.Contains(body, description) {
			t.Fatal("the fixture has no description")
		}
		if _, err := s.Parse(of("deployment_status"), []byte(body)); errors.Is(err, changes.ErrIgnored) != ignored {
			t.Errorf("%q: %v", description, err)
		}
	}
	f(OwnDescription+"regressed; rolled back to v1", true)
	f("deployed by pushback: fine", false)
}
