package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/sources/changes"
)

// The bounds of Recent.
const (
	perPage = 100
	// maxPages is how many pages of deployments are read of a repository.
	maxPages = 5
	// maxRequests is how many requests one call makes. GitHub allows 5000 an hour.
	maxRequests = 300
	// longestRollout is how old a deployment may be whose end is still looked for. The list of
	// deployments is ordered by when they began, and cannot be asked for what ended since.
	longestRollout = 6 * time.Hour
)

// listed is a deployment as the API lists it. Raw is all of it.
type listed struct {
	ID        int64     `json:"id"`
	Creator   account   `json:"creator"`
	CreatedAt time.Time `json:"created_at"`
	App       struct {
		Slug string `json:"slug"`
	} `json:"performed_via_github_app"`
	raw json.RawMessage
}

// listedStatus is a status of a deployment as the API lists it.
type listedStatus struct {
	CreatedAt time.Time `json:"created_at"`
	LogURL    string    `json:"log_url"`
	raw       json.RawMessage
}

// Recent lists the deployments and their statuses since a time, as the deliveries that GitHub
// should have sent: each is written as the body of its webhook and read by Parse, so that the
// events are the same. Runs and releases are not looked for.
//
// What was listed before an error is returned with it.
func (s *Source) Recent(ctx context.Context, since time.Time) (all []changes.Delivery, err error) {
	if s.api == nil || len(s.config.Repositories) == 0 {
		return nil, changes.ErrNoAPI
	}
	l := lister{Source: s, since: since}
	for _, repository := range s.config.Repositories {
		if err = l.repository(ctx, repository); err != nil {
			break
		}
	}
	slices.SortStableFunc(l.found, func(a, b changes.Delivery) int { return a.Events[0].At.Compare(b.Events[0].At) })
	return l.found, err
}

// lister is one call of Recent.
type lister struct {
	*Source
	since    time.Time
	requests int
	found    []changes.Delivery
}

func (l *lister) repository(ctx context.Context, repository string) error {
	oldest := l.since.Add(-longestRollout)
	for page := 1; page <= maxPages; page++ {
		deployments, err := l.page(ctx, repository, page)
		if err != nil {
			return err
		}
		for _, d := range deployments {
			if d.CreatedAt.Before(oldest) {
				return nil // the newest come first
			}
			if err := l.deployment(ctx, repository, d); err != nil {
				return err
			}
		}
		if len(deployments) < perPage {
			return nil
		}
	}
	return fmt.Errorf("asking GitHub: it lists more deployments of a repository than are read (%d)", maxPages*perPage)
}

// page reads a page of deployments.
func (l *lister) page(ctx context.Context, repository string, page int) (all []listed, err error) {
	var raw []json.RawMessage
	if err := l.get(ctx, fmt.Sprintf("/repos/%s/deployments?per_page=%d&page=%d", repository, perPage, page), &raw); err != nil {
		return nil, err
	}
	for _, text := range raw {
		d := listed{raw: text}
		if json.Unmarshal(text, &d) == nil && d.ID > 0 {
			all = append(all, d)
		}
	}
	return all, nil
}

// deployment adds the deliveries of one deployment, oldest first.
func (l *lister) deployment(ctx context.Context, repository string, d listed) error {
	var raw []json.RawMessage
	if err := l.get(ctx, fmt.Sprintf("/repos/%s/deployments/%d/statuses?per_page=%d", repository, d.ID, perPage), &raw); err != nil {
		return err
	}
	statuses := make([]listedStatus, 0, len(raw))
	for _, text := range slices.Backward(raw) {
		s := listedStatus{raw: text}
		if json.Unmarshal(text, &s) == nil {
			statuses = append(statuses, s)
		}
	}
	w := written{Deployment: d.raw}
	w.Repository.FullName = repository
	if byActions(d, statuses) {
		w.Run = json.RawMessage(`{}`)
	}
	if !d.CreatedAt.Before(l.since) {
		l.add(deploymentMade, w)
	}
	for _, s := range statuses {
		if w.Status = s.raw; !s.CreatedAt.Before(l.since) {
			l.add(deploymentStatus, w)
		}
	}
	return nil
}

// written is the body of a webhook, written from what the API lists.
type written struct {
	Action     string          `json:"action"`
	Status     json.RawMessage `json:"deployment_status,omitempty"`
	Deployment json.RawMessage `json:"deployment"`
	Run        json.RawMessage `json:"workflow_run,omitempty"`
	Repository struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
}

// add reads the body as if it had been delivered. What Parse refuses or ignores, the webhook would
// not have brought either.
func (l *lister) add(kind string, w written) {
	w.Action = "created"
	if !slices.Contains(l.config.events(), kind) {
		return
	}
	body, err := json.Marshal(w)
	if err != nil {
		return
	}
	events, err := l.Parse(http.Header{"X-Github-Event": {kind}}, body)
	if err == nil && len(events) > 0 {
		l.found = append(l.found, changes.Delivery{Events: events, Raw: body})
	}
}

// byActions says whether a workflow run stands behind the deployment, which the API does not say
// as the webhook does. Actions makes its deployments itself, and links its statuses to the run.
func byActions(d listed, statuses []listedStatus) bool {
	return d.App.Slug == "github-actions" || d.Creator.Login == "github-actions[bot]" ||
		slices.ContainsFunc(statuses, func(s listedStatus) bool { return strings.Contains(s.LogURL, "/actions/runs/") })
}

// get asks for a path of one repository, within the bound of requests.
func (l *lister) get(ctx context.Context, path string, into any) error {
	if l.requests++; l.requests > maxRequests {
		return fmt.Errorf("asking GitHub: more than %d requests are needed for what was deployed since %s", maxRequests, l.since.Format(time.RFC3339))
	}
	return l.api.Get(ctx, path, into)
}
