package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
)

// askFor is how long the adapters, which are asked at once, may take to answer.
const askFor = 15 * time.Second

// Answer says whether one adapter, or the database, works.
type Answer struct {
	Place  string `json:"place"`  // in pushback.yml: metrics.prod
	Status string `json:"status"` // ok, failed, or not_asked
	Detail string `json:"detail"` // for people
}

// The statuses of an Answer.
const (
	AnswerOK       = "ok"
	AnswerFailed   = "failed"
	AnswerNotAsked = "not_asked"
)

// Ask asks the database and every adapter of a configuration whether it works, all at
// once. It changes nothing anywhere. The answers are in the order of pushback.yml's
// sections, by name.
func (t Table) Ask(ctx context.Context, c config.Config, log *slog.Logger) []Answer {
	questions := []question{func(ctx context.Context) Answer { return askDatabase(ctx, c) }}
	for _, name := range names(c.Metrics) {
		questions = append(questions, func(ctx context.Context) Answer { return t.askMetrics(ctx, c, name, log) })
	}
	for _, name := range names(c.Sources) {
		questions = append(questions, notAsked("sources."+name, "a source calls Pushback, and is never called"))
	}
	for _, name := range names(c.Hooks) {
		questions = append(questions, func(ctx context.Context) Answer { return t.askHook(ctx, c, name) })
	}
	for _, name := range names(c.Receivers) {
		questions = append(questions, notAsked("receivers."+name, "only a message would show whether it works, and people would read it"))
	}
	if c.Grafana != nil {
		questions = append(questions, func(ctx context.Context) Answer { return t.askGrafana(ctx, c) })
	}
	answers := make([]Answer, len(questions))
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	var all sync.WaitGroup
	for i, ask := range questions {
		all.Go(func() { answers[i] = ask(ctx) })
	}
	all.Wait()
	return answers
}

// question asks one adapter, or the database.
type question func(ctx context.Context) Answer

func notAsked(place, why string) question {
	return func(context.Context) Answer { return Answer{place, AnswerNotAsked, why} }
}

// failedAnswer shows an error in one line.
func failedAnswer(place string, err error) Answer {
	return Answer{place, AnswerFailed, strings.Join(strings.Fields(err.Error()), " ")}
}

// askDatabase opens Pushback's own database as a backtest does.
func askDatabase(ctx context.Context, c config.Config) Answer {
	url, err := c.StoreURL()
	if err != nil {
		return failedAnswer("store", err)
	}
	st, err := store.OpenReadOnly(ctx, url)
	if errors.Is(err, fs.ErrNotExist) {
		return Answer{"store", AnswerNotAsked, "it does not exist yet: pushback serve creates it"}
	}
	if err == nil {
		err = errors.Join(st.Ping(ctx), st.Close())
	}
	if err != nil {
		return failedAnswer("store", err)
	}
	return Answer{"store", AnswerOK, "it answers"}
}

// askMetrics opens the store as a backtest does, and asks for its newest sample. A store
// that is reached and empty works: it is new, or nothing feeds it yet.
func (t Table) askMetrics(ctx context.Context, c config.Config, name string, log *slog.Logger) Answer {
	place := "metrics." + name
	a := c.Metrics[name]
	s, err := t.Metrics[a.Kind].build(metrics.Options{Name: name, Access: metrics.ReadOnly, Log: log}, a.Settings)
	if errors.Is(err, fs.ErrNotExist) {
		return Answer{place, AnswerNotAsked, "it does not exist yet: pushback serve creates it"}
	}
	if err != nil {
		return failedAnswer(place, err)
	}
	defer s.Close()
	newest, err := s.Heartbeat(ctx, time.Now())
	var fault *sources.Fault
	switch {
	case errors.As(err, &fault) && fault.Kind == sources.NoData:
		return Answer{place, AnswerOK, "it answers, and has no samples yet"}
	case err != nil:
		return failedAnswer(place, err)
	}
	return Answer{place, AnswerOK, fmt.Sprintf("it answers; its newest sample is of %s", newest.UTC().Format(time.RFC3339))}
}

// askHook runs the hook's preflight without a change.
func (t Table) askHook(ctx context.Context, c config.Config, name string) Answer {
	place := "hooks." + name
	h, mistakes := t.Hook(c, name)
	if len(mistakes) > 0 {
		return Answer{place, AnswerFailed, mistakes[0].Message}
	}
	looker, can := h.Hook.(rollback.Preflighter)
	if !can {
		return Answer{place, AnswerNotAsked, fmt.Sprintf("hooks of kind %s cannot be asked without acting", c.Hooks[name].Kind)}
	}
	return preflightAnswer(place, looker.Preflight(ctx, rollback.Plan{}))
}

// preflightAnswer is failed if one check failed, and not asked if every check was skipped.
func preflightAnswer(place string, checks []rollback.Check) Answer {
	var problems, skipped []string
	for _, p := range rollback.Problems(checks) {
		problems = append(problems, p.String())
	}
	for _, c := range checks {
		if c.Skipped != "" {
			skipped = append(skipped, c.What+": "+c.Skipped)
		}
	}
	switch {
	case len(problems) > 0:
		return Answer{place, AnswerFailed, strings.Join(problems, "; ")}
	case len(skipped) > 0 && len(skipped) == len(checks):
		return Answer{place, AnswerNotAsked, strings.Join(skipped, "; ")}
	case len(skipped) > 0:
		return Answer{place, AnswerOK, "not checked: " + strings.Join(skipped, "; ")}
	}
	return Answer{place, AnswerOK, "it could act, as far as can be checked without a change"}
}

func (t Table) askGrafana(ctx context.Context, c config.Config) Answer {
	g, err := t.Grafana.build(struct{}{}, c.Grafana.Settings)
	if err != nil {
		return failedAnswer("grafana", err)
	}
	if err := g.Ping(ctx); err != nil {
		return failedAnswer("grafana", err)
	}
	return Answer{"grafana", AnswerOK, "it answers, and the token may read annotations"}
}
