package agents

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
)

// ChangesInput selects changes.
type ChangesInput struct {
	Service     string `json:"service,omitempty" jsonschema:"only this service"`
	Environment string `json:"environment,omitempty" jsonschema:"only this environment"`
	Limit       int    `json:"limit,omitempty" jsonschema:"at most so many, from 1 to 50; by default 20"`
}

// ChangeInput names a change.
type ChangeInput struct {
	Change string `json:"change" jsonschema:"key of the change, its first six characters or more, or the tool's own id of it"`
}

// VerdictInput names a version.
type VerdictInput struct {
	Service     string `json:"service"`
	Version     string `json:"version"`
	Environment string `json:"environment,omitempty" jsonschema:"by default production"`
}

// GateInput names a service.
type GateInput struct {
	Service     string `json:"service"`
	Environment string `json:"environment,omitempty" jsonschema:"by default production"`
}

const (
	defaultLimit = 20
	maxLimit     = 50
	maxEntries   = 50 // of the journal and of the messages of a change, the newest
)

func (t *toolbox) changes(ctx context.Context, in ChangesInput) (any, error) {
	if in.Limit < 0 || in.Limit > maxLimit {
		return nil, errors.New("limit must be from 1 to 50")
	}
	if in.Limit == 0 {
		in.Limit = defaultLimit
	}
	q := query("service", in.Service, "environment", in.Environment)
	q.Set("limit", strconv.Itoa(in.Limit))
	var found api.Changes
	err := t.Ask(ctx, http.MethodGet, "/v1/changes?"+q.Encode(), nil, &found)
	return found, err
}

func (t *toolbox) verdict(ctx context.Context, in VerdictInput) (any, error) {
	if in.Service == "" || in.Version == "" {
		return nil, errors.New("service and version must not be empty")
	}
	path := "/v1/verdicts/" + url.PathEscape(in.Service) + "/" + url.PathEscape(in.Version)
	var found api.Verdict
	err := t.Ask(ctx, http.MethodGet, path+"?"+query("environment", in.Environment).Encode(), nil, &found)
	return found, err
}

func (t *toolbox) gate(ctx context.Context, in GateInput) (any, error) {
	if in.Service == "" {
		return nil, errors.New("service must not be empty")
	}
	var found api.Gate
	err := t.Ask(ctx, http.MethodGet, "/v1/gate/"+url.PathEscape(in.Service)+"?"+query("environment", in.Environment).Encode(), nil, &found)
	return found, err
}

func query(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

// explained is an api.Explanation without the measured series, which a model cannot read anyway.
type explained struct {
	Change   api.ChangeSummary  `json:"change"`
	Watches  []explainedWatch   `json:"watches"`
	Order    *explainedOrder    `json:"order,omitempty"`
	Messages []explainedMessage `json:"messages"`
	Journal  []api.Entry        `json:"journal"`
	Page     string             `json:"page"`
}

type explainedWatch struct {
	Rule    string            `json:"rule"`
	Team    string            `json:"team"`
	State   string            `json:"state"`
	Grade   string            `json:"grade"`
	Reason  string            `json:"reason,omitempty"`
	Until   time.Time         `json:"until,omitzero"`
	Verdict *detector.Verdict `json:"verdict,omitempty"`
}

type explainedOrder struct {
	State, Target, Hook, Rule, Actor, Why string
	CreatedAt, ExpiresAt                  time.Time
}

type explainedMessage struct {
	At                     time.Time
	Receiver, State, Title string
}

func (t *toolbox) explain(ctx context.Context, in ChangeInput) (any, error) {
	if in.Change == "" {
		return nil, errors.New("change must not be empty")
	}
	var e api.Explanation
	if err := t.Ask(ctx, http.MethodGet, "/v1/changes/"+url.PathEscape(in.Change), nil, &e); err != nil {
		return nil, err
	}
	return shorten(e), nil
}

func shorten(e api.Explanation) explained {
	short := explained{Change: e.Change, Watches: []explainedWatch{}, Messages: []explainedMessage{}, Journal: newest(e.Journal), Page: e.Page}
	for _, w := range e.Watches {
		one := explainedWatch{Rule: w.Rule, Team: w.Team, State: w.State, Grade: w.Grade, Reason: w.Reason, Until: w.Until}
		if w.Last != nil {
			one.Verdict = &w.Last.Verdict
		}
		short.Watches = append(short.Watches, one)
	}
	if o := e.Order; o != nil {
		short.Order = &explainedOrder{
			State: o.State, Target: o.Target, Hook: o.Hook, Rule: o.Rule, Actor: o.Actor, Why: o.Why, CreatedAt: o.CreatedAt, ExpiresAt: o.ExpiresAt,
		}
	}
	for _, m := range newest(e.Messages) {
		short.Messages = append(short.Messages, explainedMessage{m.CreatedAt, m.Receiver, m.State, m.Title})
	}
	return short
}

func newest[T any](all []T) []T { return all[max(0, len(all)-maxEntries):] }

// CoverageInput is about an assumed change.
type CoverageInput struct {
	Environment string `json:"environment,omitempty" jsonschema:"environment of the assumed change; by default production"`
	Unseen      bool   `json:"unseen,omitempty" jsonschema:"only the services for which no rule finds data"`
}

// BacktestInput bounds a replay.
type BacktestInput struct {
	Placebo int `json:"placebo,omitempty" jsonschema:"also replay so many random moments without a change, at most 500"`
}

const (
	maxPlacebos = 500
	maxWork     = 5 * time.Minute
)

func (t *toolbox) coverage(ctx context.Context, in CoverageInput) (any, error) {
	return t.work(ctx, func(ctx context.Context) ([]byte, error) { return t.Coverage(ctx, in) })
}

func (t *toolbox) backtest(ctx context.Context, in BacktestInput) (any, error) {
	if in.Placebo < 0 || in.Placebo > maxPlacebos {
		return nil, errors.New("placebo must be from 0 to 500")
	}
	return t.work(ctx, func(ctx context.Context) ([]byte, error) { return t.Backtest(ctx, in) })
}

// work runs what asks metric stores for minutes: one at a time, so that an agent cannot load them.
func (t *toolbox) work(ctx context.Context, run func(context.Context) ([]byte, error)) (any, error) {
	select {
	case t.busy <- struct{}{}:
		defer func() { <-t.busy }()
	default:
		return nil, errors.New("a backtest or a coverage runs already: wait until it has ended")
	}
	ctx, cancel := context.WithTimeout(ctx, maxWork)
	defer cancel()
	text, err := run(ctx)
	return json.RawMessage(text), err
}
