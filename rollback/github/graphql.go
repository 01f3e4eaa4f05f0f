package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
)

// mutation is a GraphQL request, and result what comes of it: 200, whatever
// came of it.
type (
	mutation struct {
		Query     string `json:"query"`
		Variables struct {
			Input map[string]any `json:"input"`
		} `json:"variables"`
	}
	result struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
)

// graphql is the address beside the REST API's: /graphql at github.com,
// /api/graphql beside a server's /api/v3.
func (h *Hook) graphql() string {
	if base, found := strings.CutSuffix(h.config.URL, "/api/v3"); found {
		return base + "/api/graphql"
	}
	return h.config.URL + "/graphql"
}

func (h *Hook) mutate(ctx context.Context, query string, input map[string]any, into any, l *call.Log) error {
	body := mutation{Query: query}
	body.Variables.Input = input
	var r result
	answer, err := h.api.Act(ctx, call.Request{Method: http.MethodPost, Path: h.graphql(), Body: body}, &r)
	l.Add("POST %s: %s", h.graphql(), answer.Status)
	l.Add("%s", answer.Body)
	if err != nil {
		return err
	}
	if len(r.Errors) > 0 {
		return graphqlError(r.Errors[0].Message)
	}
	if err := json.Unmarshal(r.Data, into); err != nil {
		return fmt.Errorf("%w: GitHub's answer cannot be read: %w", rollback.ErrOutcomeUnknown, err)
	}
	return nil
}

// graphqlError is a refusal, unless GitHub itself does not know: its time-outs
// come as "Something went wrong while executing your query".
func graphqlError(message string) error {
	if strings.HasPrefix(message, "Something went wrong") {
		return fmt.Errorf("%w: GitHub said: %s", rollback.ErrOutcomeUnknown, rollback.Output(message))
	}
	return fmt.Errorf("GitHub refused: %s", rollback.Output(message))
}

const autoMergeMutation = `mutation($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { pullRequest { number } }
}`

// errClean says that there is nothing to wait for: auto-merge is for pull
// requests whose checks are still running.
var errClean = errors.New("the pull request can be merged at once")

func (v revert) autoMerge(ctx context.Context, p pull, l *call.Log) error {
	input := map[string]any{"pullRequestId": p.Node, "mergeMethod": strings.ToUpper(v.config.MergeMethod)}
	err := v.mutate(ctx, autoMergeMutation, input, &struct{}{}, l)
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), "clean status"):
		return errClean
	}
	return fmt.Errorf("#%d is open and does not merge itself: %w", p.Number, call.Begun(err))
}
