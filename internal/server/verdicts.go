package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/verdict"
	"github.com/pushback/pushback/rollback"
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

func (s *Server) verdictOperations(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "verdict", Method: http.MethodGet, Path: "/v1/verdicts/{service}/{version}", Tags: []string{"Verdicts"},
		Summary:     "How does this version do?",
		Description: "For Argo Rollouts, Spinnaker and pipelines. Answers 200 at once, with result unknown where no such change was reported: tools ask before the report has come, and take 404 for a failure.",
		Errors:      []int{401, 403}, Metadata: map[string]any{needs: identity.Gate},
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
		v.Result, v.State, v.Grade, v.Data.Pending = string(verdict.Unknown), string(verdict.Unknown), detector.None.String(), true
		v.Reason = verdict.NobodyReported(f.Service, f.Version, f.Environment)
		return v, nil
	}
	s.fold(&v, judged)
	return v, nil
}

// fold writes the changes of a version into its verdict.
func (s *Server) fold(v *api.Verdict, judged []judgedChange) {
	v.Data.OKSoFar = true
	all := make([]verdict.Change, 0, len(judged))
	for _, c := range judged {
		all = append(all, c.Change)
		v.Data.OKSoFar = v.Data.OKSoFar && c.okSoFar
		v.Data.Pending = v.Data.Pending || c.Result == verdict.Pending
		v.Changes = append(v.Changes, api.VerdictChange{
			Key: c.Key, Region: c.Region, Kind: string(c.Kind), Group: c.Group, State: c.State, Grade: c.Grade.String(), Result: string(c.Result),
		})
	}
	worst := verdict.Worst(all)
	v.Known, v.Change, v.Page = true, worst.Key, s.changeURL(worst.Key)
	v.Result, v.State, v.Grade, v.Reason = string(worst.Result), worst.State, worst.Grade.String(), worst.Reason()
	v.Data.OK, v.Data.Bad = worst.Result == verdict.OK, worst.Result == verdict.Bad
	for _, c := range judged {
		if c.Key == worst.Key {
			v.Order = string(c.order)
		}
	}
}

// judgedChange is a change with what a tool is to make of it.
type judgedChange struct {
	verdict.Change
	order   rollback.State
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
		j := judgedChange{Change: verdict.Of(c, watches[c.Key]), order: orders[c.Key]}
		j.okSoFar = j.Result == verdict.OK
		if j.Result == verdict.Pending {
			if j.okSoFar, err = s.okSoFar(ctx, watches[c.Key]); err != nil {
				return nil, err
			}
		}
		judged[i] = j
	}
	return judged, nil
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
