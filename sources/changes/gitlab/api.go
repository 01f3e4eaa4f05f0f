package gitlab

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// The bounds of a call.
const (
	perPage = 100
	// maxPages is how many pages of deployments are read of a project.
	maxPages = 10
	// previousOf is how many successful deployments are read to find the one before.
	previousOf = 20
)

// listed is a deployment as the API lists it (docs.gitlab.com/api/deployments).
type listed struct {
	ID          int64  `json:"id"`
	Status      string `json:"status"`
	Ref         string `json:"ref"`
	SHA         string `json:"sha"`
	CreatedAt   when   `json:"created_at"`
	UpdatedAt   when   `json:"updated_at"`
	User        user   `json:"user"`
	Environment struct {
		Name string `json:"name"`
		Tier string `json:"tier"`
	} `json:"environment"`
	Deployable struct { // null where a script made the deployment by API
		StartedAt  when   `json:"started_at"`
		FinishedAt when   `json:"finished_at"`
		WebURL     string `json:"web_url"`
	} `json:"deployable"`
	raw json.RawMessage
}

// Complete asks for the version that ran before a deployment: that of the last deployment of the
// environment which succeeded. It makes one request, for deployments alone.
func (s *Source) Complete(ctx context.Context, events []sources.Event) ([]sources.Event, error) {
	if s.api == nil || len(events) == 0 {
		return events, nil
	}
	last := events[len(events)-1]
	project, id, ok := deploymentOf(last.ChangeID)
	if !ok || last.Previous != "" {
		return events, nil
	}
	previous, err := s.previous(ctx, project, id, environmentOf(last))
	if err != nil || previous == "" {
		return events, err
	}
	events = slices.Clone(events)
	for i := range events {
		events[i].Previous = previous
	}
	return events, nil
}

func (s *Source) previous(ctx context.Context, project, id int64, environment string) (string, error) {
	query := url.Values{"environment": {environment}, "status": {"success"}, "order_by": {"id"}, "sort": {"desc"}, "per_page": {strconv.Itoa(previousOf)}}
	var all []listed
	if err := s.api.Get(ctx, fmt.Sprintf("/projects/%d/deployments?%s", project, query.Encode()), &all); err != nil {
		return "", err
	}
	for _, d := range all {
		if d.ID < id && d.SHA != "" {
			return d.SHA, nil
		}
	}
	return "", nil
}

// deploymentOf reads the ChangeID of a deployment, "gitlab:30/15". Those of pipelines, flags and
// releases have more parts.
func deploymentOf(change string) (project, id int64, ok bool) {
	left, right, _ := strings.Cut(strings.TrimPrefix(change, "gitlab:"), "/")
	project, err := strconv.ParseInt(left, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	id, err = strconv.ParseInt(right, 10, 64)
	return project, id, err == nil
}

// environmentOf is GitLab's name of the event's environment.
func environmentOf(e sources.Event) string {
	return cmp.Or(e.Labels[environmentLabel], e.Environment)
}

// Recent lists the deployments that changed since a time, as the events of the deliveries that
// GitLab should have sent. The API tells the last status only; the start of one that has ended
// is when its job began. Flags, pipelines and releases are not looked for.
//
// What was listed before an error is returned with it.
func (s *Source) Recent(ctx context.Context, since time.Time) (all []changes.Delivery, err error) {
	if s.api == nil || len(s.config.Projects) == 0 {
		return nil, changes.ErrNoAPI
	}
	for _, path := range s.config.Projects {
		var found []changes.Delivery
		found, err = s.recent(ctx, path, since)
		if all = append(all, found...); err != nil {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b changes.Delivery) int { return a.Events[0].At.Compare(b.Events[0].At) })
	return all, err
}

// recent lists those of one project. The list is ordered by when they changed, which is what it is
// asked for: without that order GitLab refuses updated_after.
func (s *Source) recent(ctx context.Context, path string, since time.Time) (all []changes.Delivery, err error) {
	if !slices.Contains(s.config.events(), deploymentKind) {
		return nil, nil
	}
	var p project
	if err := s.api.Get(ctx, "/projects/"+url.PathEscape(strings.Trim(path, "/")), &p); err != nil {
		return nil, err
	}
	query := url.Values{"updated_after": {since.UTC().Format(time.RFC3339)}, "order_by": {"updated_at"}, "sort": {"asc"}, "per_page": {strconv.Itoa(perPage)}}
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		var raw []json.RawMessage
		if err := s.api.Get(ctx, fmt.Sprintf("/projects/%d/deployments?%s", p.ID, query.Encode()), &raw); err != nil {
			return all, err
		}
		for _, text := range raw {
			all = append(all, s.deliveries(p, text)...)
		}
		if len(raw) < perPage {
			return all, nil
		}
	}
	return all, fmt.Errorf("asking GitLab: it lists more deployments of a project than are read (%d)", maxPages*perPage)
}

// deliveries are the start and the end of a listed deployment, as far as it has come. What is not
// understood is left out: its webhook would have brought nothing either.
func (s *Source) deliveries(p project, text json.RawMessage) (all []changes.Delivery) {
	d := listed{raw: text}
	if json.Unmarshal(text, &d) != nil || d.ID <= 0 || d.SHA == "" || d.Environment.Name == "" {
		return nil
	}
	status, err := statusOf("status", d.Status)
	if err != nil {
		return nil
	}
	if status != sources.Started && !d.Deployable.StartedAt.IsZero() {
		all = append(all, s.delivery(p, d, "running", d.Deployable.StartedAt.Time, sources.Started))
	}
	at := first(d.Deployable.FinishedAt, d.UpdatedAt, d.CreatedAt)
	if status == sources.Started {
		at = first(d.Deployable.StartedAt, d.UpdatedAt, d.CreatedAt)
	}
	if at.IsZero() {
		return all
	}
	return append(all, s.delivery(p, d, d.Status, at, status))
}

func (s *Source) delivery(p project, d listed, status string, at time.Time, is sources.Status) changes.Delivery {
	e := rollout{
		project: p.ID, id: d.ID, status: status, at: at, environment: d.Environment.Name, tier: d.Environment.Tier,
		sha: d.SHA, ref: d.Ref, actor: d.User.Username, url: d.Deployable.WebURL,
	}.event(is)
	return changes.Delivery{Events: s.complete(e, p.Path), Raw: d.raw}
}
