package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// healthcheckCommand lets a container without a shell or curl ask its own daemon whether it
// works.
type healthcheckCommand struct {
	serverFlags
	Alive   bool          `help:"Ask only whether the process serves requests (/healthz), not whether it can judge changes (/readyz)."`
	Timeout time.Duration `default:"5s" help:"How long to wait for the answer (default ${default})."`
}

// Help says which question is for whom.
func (healthcheckCommand) Help() string {
	return `Exit code 0 when the daemon is well, 1 when it is not or does not answer. Without
--alive, the daemon is well when its database and its metric stores answer. A
supervisor that restarts what is not well asks with --alive: a restart repairs no
metric store. From another host, the reasons are shown only with the API token.

Examples:

  pushback healthcheck
  pushback healthcheck --alive --timeout 2s
  pushback healthcheck --server https://pushback.example.org --token-file token --json`
}

// health is what --json writes.
type health struct {
	Healthy  bool                   `json:"healthy"`
	Problems []api.ComponentProblem `json:"problems"`
}

// Run asks once.
func (h healthcheckCommand) Run(ctx context.Context, out terminal) error {
	if h.Timeout <= 0 {
		return usageError(errors.New("--timeout must be more than 0s"))
	}
	c, err := h.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	found, err := c.health(ctx, h.path())
	if err != nil {
		return err
	}
	if h.JSON {
		err = out.printJSON(found)
	} else {
		found.print(out)
	}
	if err == nil && !found.Healthy {
		err = &exitError{code: exitFailure}
	}
	return err
}

// path is what to ask. See adr/0109 for who asks what.
func (h healthcheckCommand) path() string {
	if h.Alive {
		return "/healthz"
	}
	return "/readyz"
}

func (h health) print(out terminal) {
	for _, p := range h.Problems {
		fmt.Fprintln(out, strings.TrimSuffix(out.paint(styleBad, p.Component)+": "+p.Detail, ": "))
	}
	if h.Healthy {
		fmt.Fprintln(out, out.paint(styleGood, "healthy"))
		return
	}
	fmt.Fprintln(out, out.paint(styleBad, "not healthy"))
}

// health asks one of the two health pages. 503 is an answer, and no error.
func (c *client) health(ctx context.Context, path string) (health, error) {
	request, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return health{}, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return health{}, c.wrapUnreachable(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return health{}, fmt.Errorf("reading the response of %s: %w", c.base.Host, err)
	}
	found, understood := readHealth(response, body)
	if !understood {
		return health{}, c.wrapProblem(response, body)
	}
	return found, nil
}

// readHealth reads what /readyz, in JSON, and /healthz, in one word, answer.
func readHealth(response *http.Response, body []byte) (found health, understood bool) {
	found.Healthy = response.StatusCode == http.StatusOK
	if !found.Healthy && response.StatusCode != http.StatusServiceUnavailable {
		return health{}, false
	}
	if word := string(body); word == "ok\n" || word == "starting\n" {
		found.Problems = []api.ComponentProblem{}
		return found, true
	}
	var ready api.Readiness
	if err := json.Unmarshal(body, &ready); err != nil || ready.Problems == nil {
		return health{}, false
	}
	found.Problems = ready.Problems
	return found, found.Healthy == ready.Ready
}
