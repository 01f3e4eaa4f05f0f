package sources

import "testing"

func TestPreview(t *testing.T) {
	f := func(want bool, environments ...string) {
		t.Helper()
		for _, name := range environments {
			if got := (Change{Environment: name}).Preview(); got != want {
				t.Errorf("%q: %v", name, got)
			}
		}
	}
	f(true, "preview", "Preview", "preview/pr-17", "previews/login", "pr-17", "PR-17", "pr17", "shop/pr-17", "cart-pr-17", "review/login", "review-login",
		"deploy-preview-17", "Preview – shop", "mr-4", "pull/17", "pull-request-17", "preview.example.org", "pr-17-login")
	f(false, "", "production", "prod", "preprod", "pre-production", "staging", "review", "code-review", "prod-17", "pr", "sprint-17", "eu-1", "previewed", "canary", "qa")
	if !(Change{Environment: "production", Labels: map[string]string{TransientLabel: "true"}}).Preview() {
		t.Error("a change that its tool calls transient")
	}
}
