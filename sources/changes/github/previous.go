package github

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/pushback/pushback/sources"
)

// previousQuery asks for the newest deployments of an environment. The list of the REST API
// has no states, and would take one request for each.
const previousQuery = `query($owner: String!, $name: String!, $environments: [String!]) {
  repository(owner: $owner, name: $name) {
    deployments(environments: $environments, first: 50, orderBy: {field: CREATED_AT, direction: DESC}) {
      nodes { databaseId commitOid state }
    }
  }
}`

// previousAnswer is the answer to previousQuery.
type previousAnswer struct {
	Repository struct {
		Deployments struct {
			Nodes []deploymentState `json:"nodes"`
		} `json:"deployments"`
	} `json:"repository"`
}

// deploymentState is a deployment in GraphQL. GitHub makes a deployment that succeeded INACTIVE
// once a later one succeeds, and no other.
type deploymentState struct {
	ID    int64  `json:"databaseId"`
	SHA   string `json:"commitOid"`
	State string `json:"state"`
}

func (d deploymentState) succeeded() bool {
	return d.SHA != "" && slices.Contains([]string{"ACTIVE", "SUCCESS", "INACTIVE"}, d.State)
}

// Complete asks for the version that ran before a deployment: that of the last deployment of the
// environment which succeeded. It makes one request, for deployments alone.
func (s *Source) Complete(ctx context.Context, events []sources.Event) ([]sources.Event, error) {
	if s.api == nil || len(events) == 0 {
		return events, nil
	}
	last := events[len(events)-1]
	owner, name, id, ok := deploymentOf(last.ChangeID)
	if !ok || last.Previous != "" {
		return events, nil
	}
	previous, err := s.previous(ctx, owner, name, environmentOf(last), id)
	if err != nil || previous == "" {
		return events, err
	}
	events = slices.Clone(events)
	for i := range events {
		events[i].Previous = previous
	}
	return events, nil
}

func (s *Source) previous(ctx context.Context, owner, name, environment string, id int64) (string, error) {
	var answer previousAnswer
	err := s.api.Query(ctx, s.graphQL(), previousQuery, map[string]any{"owner": owner, "name": name, "environments": []string{environment}}, &answer)
	if err != nil {
		return "", err
	}
	for _, d := range answer.Repository.Deployments.Nodes {
		if d.ID < id && d.succeeded() {
			return d.SHA, nil
		}
	}
	return "", nil
}

// graphQL is the address of GraphQL: /graphql at github.com, /api/graphql beside /api/v3 of an
// Enterprise server.
func (s *Source) graphQL() string {
	if base, ok := strings.CutSuffix(s.api.URL(), "/api/v3"); ok {
		return base + "/api/graphql"
	}
	return s.api.URL() + "/graphql"
}

// deploymentOf reads the ChangeID of a deployment, "github:owner/name/4021". Runs and releases have
// more parts.
func deploymentOf(change string) (owner, name string, id int64, ok bool) {
	parts := strings.Split(strings.TrimPrefix(change, "github:"), "/")
	if len(parts) != 3 {
		return "", "", 0, false
	}
	id, err := strconv.ParseInt(parts[2], 10, 64)
	return parts[0], parts[1], id, err == nil
}

// environmentOf is GitHub's name of the event's environment.
func environmentOf(e sources.Event) string {
	if theirs := e.Labels[environmentLabel]; theirs != "" {
		return theirs
	}
	return e.Environment
}
