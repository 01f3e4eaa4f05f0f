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

// mutation is a GraphQL request, and mutationResult its answer. The status is 200 even if
// the mutation fails.
type (
	mutation struct {
		Query     string `json:"query"`
		Variables struct {
			Input map[string]any `json:"input"`
		} `json:"variables"`
	}
	mutationResult struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
)

// graphql is the URL of the GraphQL API: /graphql at github.com, and /api/graphql on a
// GitHub Enterprise Server, whose REST API is at /api/v3.
func (h *Hook) graphql() string {
	if base, found := strings.CutSuffix(h.config.URL, "/api/v3"); found {
		return base + "/api/graphql"
	}
	return h.config.URL + "/graphql"
}

func (h *Hook) mutate(ctx context.Context, query string, input map[string]any, into any, l *call.Log) error {
	body := mutation{Query: query}
	body.Variables.Input = input
	var r mutationResult
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
		return fmt.Errorf("%w: GitHub's answer cannot be decoded: %w", rollback.ErrOutcomeUnknown, err)
	}
	return nil
}

// graphqlError returns the error for a message. The outcome is unknown after GitHub's
// time-outs, whose message is "Something went wrong while executing your query".
func graphqlError(message string) error {
	if strings.HasPrefix(message, "Something went wrong") {
		return fmt.Errorf("%w: GitHub answered: %s", rollback.ErrOutcomeUnknown, rollback.Output(message))
	}
	return fmt.Errorf("GitHub refused: %s", rollback.Output(message))
}

const autoMergeMutation = `mutation($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { pullRequest { number } }
}`

// errMergeableNow says that the pull request can be merged at once. GitHub allows
// auto-merge only while checks are running.
var errMergeableNow = errors.New("the pull request can be merged at once")

func (v revert) autoMerge(ctx context.Context, p pull, l *call.Log) error {
	input := map[string]any{"pullRequestId": p.Node, "mergeMethod": strings.ToUpper(v.config.MergeMethod)}
	err := v.mutate(ctx, autoMergeMutation, input, &struct{}{}, l)
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), "clean status"):
		return errMergeableNow
	}
	return fmt.Errorf("#%d is open, and auto-merge could not be enabled: %w", p.Number, call.WrapAfterAct(err))
}
