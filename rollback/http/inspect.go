package http

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// Preflight reads the secret, and calls check_url if it is set.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	_, err := outbound.Secret(h.config.SecretFile)
	checks := []rollback.Check{call.ReachCheck("the signing secret can be read", err, "set secret_file to a file that Pushback may read")}
	const what = "the receiver is ready"
	if h.config.CheckURL == "" {
		return append(checks, rollback.Check{What: what, Skipped: "check_url is not set"})
	}
	answer, err := h.getForPlan(ctx, h.config.CheckURL, p)
	if err == nil && !answer.OK() {
		err = fmt.Errorf("check_url answered %s: %s", answer.Status, answer.FirstLine())
	}
	ready := call.ReachCheck(what, err, "look at the receiver behind check_url")
	ready.Temporary = err != nil && (answer.Code == 0 || answer.Code >= 500)
	return append(checks, ready)
}

// DryRun says what would be posted. It sends no request.
func (h *Hook) DryRun(_ context.Context, p rollback.Plan) (rollback.Preview, error) {
	preview := rollback.Preview{Steps: []string{fmt.Sprintf(
		"POST %s, signed, Idempotency-Key %s: %s %s in %s back to %q",
		withoutQuery(h.config.URL), p.Change.Key(), p.Change.Service, p.Change.Version, p.Change.Environment, p.Target)}}
	if h.config.VerifyURL == "" {
		preview.Notes = []string{"verify_url is not set: Pushback cannot check that the target runs after a rollback"}
	}
	return preview, nil
}

// Verify calls verify_url for the version that runs. The answer is a JSON object with a
// string "version", or plain text whose first line is the version.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	if h.config.VerifyURL == "" {
		return rollback.RunningVersion{}, &rollback.UnverifiableError{Why: "verify_url is not set"}
	}
	answer, err := h.getForPlan(ctx, h.config.VerifyURL, p)
	if err != nil {
		return rollback.RunningVersion{}, fmt.Errorf("asking verify_url: %w", err)
	}
	if !answer.OK() {
		return rollback.RunningVersion{}, fmt.Errorf("asking verify_url: it answered %s: %s", answer.Status, answer.FirstLine())
	}
	running := readVersion(answer)
	return rollback.RunningVersion{At: h.now().UTC(), Version: running, TargetRuns: naming.SameVersion(running, p.Target)}, nil
}

// readVersion returns the version in an answer of verify_url, "" if there is none.
func readVersion(a outbound.Answer) string {
	var answer struct {
		Version string `json:"version"`
	}
	if a.Decode(&answer) == nil && answer.Version != "" {
		return rollback.Output(answer.Version)
	}
	if json.Valid([]byte(a.Body)) && strings.HasPrefix(strings.TrimSpace(a.Body), "{") {
		return ""
	}
	return rollback.Output(a.FirstLine())
}

// getForPlan calls an URL with the change of a plan in the query, because one receiver
// may serve several services.
func (h *Hook) getForPlan(ctx context.Context, address string, p rollback.Plan) (outbound.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	u, err := url.Parse(address)
	if err != nil {
		return outbound.Answer{}, outbound.NotSent("the url is invalid")
	}
	query := url.Values{}
	for name, value := range map[string]string{
		"service": p.Change.Service, "environment": p.Change.Environment, "region": p.Change.Region, "kind": string(p.Change.Kind),
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	u.RawQuery = strings.Trim(u.RawQuery+"&"+query.Encode(), "&")
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return outbound.Answer{}, outbound.NotSent("the url is invalid")
	}
	return h.client.Do(r)
}

// withoutQuery returns a URL without its query, which may hold a token.
func withoutQuery(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "the hook"
	}
	u.RawQuery, u.Fragment = "", ""
	return u.String()
}
