package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

type verdictInput struct {
	Service     string `path:"service" maxLength:"200"`
	Version     string `path:"version" maxLength:"500"`
	Environment string `query:"environment" maxLength:"255" default:"production"`
	Region      string `query:"region" maxLength:"200" doc:"Only this region; without it, the worst of all regions"`
	Kind        string `query:"kind" enum:"deploy,config,flag,experiment" doc:"Only this kind of change"`
	Group       string `query:"group" maxLength:"200" doc:"Only this flag, experiment or config key"`
}

// The results of a verdict, the one that decides over the others first.
const (
	resultBad       = "bad"
	resultPending   = "pending"
	resultUndecided = "undecided"
	resultOK        = "ok"
	resultUnknown   = "unknown"
)

var resultsByUrgency = []string{resultBad, resultPending, resultUndecided, resultOK}

func (s *Server) verdictOperations(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "verdict", Method: http.MethodGet, Path: "/v1/verdicts/{service}/{version}", Tags: []string{"Verdicts"},
		Summary:     "How does this version do?",
		Description: "For Argo Rollouts, Spinnaker and pipelines. Answers 200 at once, with result unknown where no such change was reported: tools ask before the report has come, and take 404 for a failure.",
		Errors:      []int{401},
	}, s.verdict)
}

func (s *Server) verdict(ctx context.Context, in *verdictInput) (*answerOf[api.Verdict], error) {
	v, err := s.askVerdict(ctx, store.VersionFilter{
		Service: in.Service, Environment: in.Environment, Version: in.Version, Region: in.Region, Kind: sources.Kind(in.Kind), Group: in.Group,
	})
	return &answerOf[api.Verdict]{Body: v}, err
}

// askVerdict folds the newest changes of a version into one verdict. The change that does worst
// decides, because a version is well only where it is well everywhere.
//
// See adr/0126.
func (s *Server) askVerdict(ctx context.Context, f store.VersionFilter) (api.Verdict, error) {
	f.Service = s.canonicalName(f.Service)
	v := api.Verdict{Service: f.Service, Environment: f.Environment, Version: f.Version, Changes: []api.VerdictChange{}}
	found, err := s.Store.ChangesOfVersion(ctx, f)
	if err != nil {
		return v, s.storeProblem(err)
	}
	judged, err := s.judge(ctx, found)
	if err != nil {
		return v, s.storeProblem(err)
	}
	if len(judged) == 0 {
		v.Result, v.State, v.Grade, v.Data.Pending = resultUnknown, resultUnknown, detector.None.String(), true
		v.Reason = fmt.Sprintf("nobody has reported a change of %s to version %s in %s", f.Service, f.Version, f.Environment)
		return v, nil
	}
	s.fold(&v, judged)
	return v, nil
}

// fold writes the changes of a version into its verdict.
func (s *Server) fold(v *api.Verdict, judged []judgedChange) {
	worst := slices.MinFunc(judged, func(a, b judgedChange) int {
		return cmp.Compare(slices.Index(resultsByUrgency, a.result), slices.Index(resultsByUrgency, b.result))
	})
	v.Known, v.Change, v.Page = true, worst.Key, s.changeURL(worst.Key)
	v.Result, v.State, v.Grade, v.Order, v.Reason = worst.result, worst.State, worst.Grade, worst.Order, worst.reason()
	v.Data = api.VerdictData{OK: worst.result == resultOK, Bad: worst.result == resultBad, OKSoFar: true}
	for _, c := range judged {
		v.Data.OKSoFar = v.Data.OKSoFar && c.okSoFar
		v.Data.Pending = v.Data.Pending || c.result == resultPending
		v.Changes = append(v.Changes, api.VerdictChange{
			Key: c.Key, Region: c.Region, Kind: string(c.Kind), Group: c.Group, State: c.State, Grade: c.Grade, Result: c.result,
		})
	}
}

// judgedChange is a change with what a tool is to make of it.
type judgedChange struct {
	api.ChangeSummary
	result  string
	okSoFar bool
}

// judge asks the store for the watches of all changes at once, and for the newest look of each
// open watch.
func (s *Server) judge(ctx context.Context, changes []store.Change) ([]judgedChange, error) {
	watches, orders, err := s.watchesAndOrders(ctx, changes)
	if err != nil {
		return nil, err
	}
	judged := make([]judgedChange, len(changes))
	for i, c := range changes {
		j := judgedChange{ChangeSummary: s.summarise(c, watches[c.Key], orders[c.Key])}
		j.result = resultOf(j.ChangeSummary)
		j.okSoFar = j.result == resultOK
		if j.result == resultPending {
			if j.okSoFar, err = s.okSoFar(ctx, watches[c.Key]); err != nil {
				return nil, err
			}
		}
		judged[i] = j
	}
	return judged, nil
}

// resultOf is what a tool is to make of a change. What was blind, superseded or cleared by a
// person is not ok: nobody has seen that it is well. A version whose rollout failed is not ok
// either, whatever its signals say.
func resultOf(c api.ChangeSummary) string {
	cleared := c.Standing == string(store.Cleared)
	switch {
	case c.Standing == string(store.Bad), !cleared && c.State == string(watch.Regressed), !cleared && c.Grade == detector.Certain.String():
		return resultBad
	case c.State == string(watch.Waiting), c.State == string(watch.Watching):
		return resultPending
	case c.State == string(watch.Healthy) && c.Status == sources.Succeeded:
		return resultOK
	}
	return resultUndecided
}

// reason is one sentence about the change, for a log.
func (c judgedChange) reason() string {
	what := fmt.Sprintf("%s in %s", c.Version, c.Environment)
	if c.Region != "" {
		what += " (" + c.Region + ")"
	}
	switch c.result {
	case resultBad:
		return fmt.Sprintf("%s is bad: %s, grade %s", what, c.State, c.Grade)
	case resultPending:
		return fmt.Sprintf("%s is being watched: %s, grade %s", what, c.State, c.Grade)
	case resultOK:
		return what + " is healthy: all its watches ended well"
	}
	switch {
	case c.State == unwatched:
		return what + " is not watched by any rule, so that nothing is known of it"
	case c.Standing == string(store.Cleared):
		return what + " was found bad and cleared of it"
	case c.Status == sources.Failed:
		return what + " was reported as failed"
	}
	return fmt.Sprintf("the watches of %s ended without a verdict: %s", what, c.State)
}

// okSoFar says whether nothing speaks against a change that is still watched, and something was
// seen: every watch that goes on has just looked at signals that it could read.
func (s *Server) okSoFar(ctx context.Context, watches []watch.Watch) (bool, error) {
	open := 0
	for _, w := range watches {
		switch {
		case w.SawNothing(), w.State == watch.Healthy:
			continue
		case !w.State.Open() || w.Grade > detector.None:
			return false, nil
		}
		r, err := s.Store.LastRecord(ctx, w.ID)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrDamaged) {
			return false, nil
		}
		if err != nil || !s.seesNothingBad(w, r) {
			return false, err
		}
		open++
	}
	return open > 0, nil
}

// seesNothingBad says whether a look is recent, and could read every signal and found nothing.
// Until the bake is over the reason is that it is too early to tell, if there is no other.
func (s *Server) seesNothingBad(w watch.Watch, r store.Record) bool {
	if s.Now().Sub(r.At) > 5*w.Every+time.Minute || r.Verdict.Outcome == detector.Blind || r.Verdict.Grade > detector.None {
		return false
	}
	return r.Verdict.Reason == "" || r.Verdict.Reason == detector.StillWatching
}
