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

// Preflight reads the secret and asks check_url, where there is one.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	_, err := outbound.Secret(h.config.SecretFile)
	checks := []rollback.Check{call.Reached("the signing secret can be read", err, "name a file that Pushback may read as secret_file")}
	const what = "the receiver is ready"
	if h.config.CheckURL == "" {
		return append(checks, rollback.Check{What: what, Skipped: "without check_url nobody can be asked"})
	}
	answer, err := h.get(ctx, h.config.CheckURL, p)
	if err == nil && !answer.OK() {
		err = fmt.Errorf("check_url answered %s: %s", answer.Status, answer.FirstLine())
	}
	ready := call.Reached(what, err, "see what runs behind check_url")
	ready.Temporary = err != nil && (answer.Code == 0 || answer.Code >= 500)
	return append(checks, ready)
}

// DryRun says what would be posted. The receiver is not asked.
func (h *Hook) DryRun(_ context.Context, p rollback.Plan) (rollback.Preview, error) {
	preview := rollback.Preview{Steps: []string{fmt.Sprintf(
		"POST %s, signed, Idempotency-Key %s: %s %s in %s back to %q",
		address(h.config.URL), p.Change.Key(), p.Change.Service, p.Change.Version, p.Change.Environment, p.Target)}}
	if h.config.VerifyURL == "" {
		preview.Notes = []string{"without verify_url nobody can see whether the version changed"}
	}
	return preview, nil
}

// Verify asks verify_url which version runs: a JSON object with a text
// "version", or a first line that is nothing else.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	if h.config.VerifyURL == "" {
		return rollback.RunningVersion{}, &rollback.UnverifiableError{Why: "verify_url is not set"}
	}
	answer, err := h.get(ctx, h.config.VerifyURL, p)
	if err != nil {
		return rollback.RunningVersion{}, fmt.Errorf("asking verify_url: %w", err)
	}
	if !answer.OK() {
		return rollback.RunningVersion{}, fmt.Errorf("asking verify_url: it answered %s: %s", answer.Status, answer.FirstLine())
	}
	running := version(answer)
	return rollback.RunningVersion{At: h.now().UTC(), Version: running, TargetRuns: naming.Same(running, p.Target)}, nil
}

func version(a outbound.Answer) string {
	var said struct {
		Version string `json:"version"`
	}
	if a.Decode(&said) == nil && said.Version != "" {
		return rollback.Output(said.Version)
	}
	if json.Valid([]byte(a.Body)) && strings.HasPrefix(strings.TrimSpace(a.Body), "{") {
		return ""
	}
	return rollback.Output(a.FirstLine())
}

// get asks an address about the change of a plan: one receiver may serve many
// services.
func (h *Hook) get(ctx context.Context, where string, p rollback.Plan) (outbound.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	u, err := url.Parse(where)
	if err != nil {
		return outbound.Answer{}, outbound.NotSent("the url cannot be called")
	}
	asked := url.Values{}
	for name, value := range map[string]string{
		"service": p.Change.Service, "environment": p.Change.Environment, "region": p.Change.Region, "kind": string(p.Change.Kind),
	} {
		if value != "" {
			asked.Set(name, value)
		}
	}
	u.RawQuery = strings.Trim(u.RawQuery+"&"+asked.Encode(), "&")
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return outbound.Answer{}, outbound.NotSent("the url cannot be called")
	}
	return h.client.Do(r)
}

// address is where a URL goes, without its query: tokens are passed there.
func address(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "the hook"
	}
	u.RawQuery, u.Fragment = "", ""
	return u.String()
}
