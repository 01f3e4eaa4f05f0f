package server

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

const (
	maxOfService  = 200 // newest changes that the page of a service is made of
	maxHistory    = 25  // of which it lists so many
	maxVersions   = 8   // good ones, and bad ones
	maxPlacesOf   = 6   // environments whose gates it asks
	unknownByName = "there is no change of a service of that name, and the catalogue does not have it"
)

func (s *Server) servicePage(w http.ResponseWriter, r *http.Request) error {
	name := sources.OneLine(r.PathValue("service"), sources.MaxName)
	if canonical := s.canonicalName(name); canonical != name && canonical != "" {
		http.Redirect(w, r, web.ServicePath(canonical), http.StatusFound)
		return nil
	}
	return s.showShared(w, r, name, name, func(ctx context.Context, f web.Frame) (*web.Rendered, error) {
		v, err := s.serviceView(ctx, name)
		v.Frame = f
		if err != nil {
			return nil, err
		}
		return s.pages.RenderService(v)
	})
}

// serviceView is the page of a service; a problem if nobody knows it.
func (s *Server) serviceView(ctx context.Context, name string) (v web.Service, err error) {
	now := s.Now()
	found, err := s.Store.Changes(ctx, store.ChangeFilter{Service: name, Limit: maxOfService})
	if err != nil {
		return v, s.storeProblem(err)
	}
	known, sure := true, false
	if s.Knows != nil {
		known, sure = s.Knows(name)
	}
	if len(found) == 0 && (!known || !sure) {
		return v, problem(http.StatusNotFound, unknownByName, s.serviceHint(name))
	}
	v = web.Service{Name: name, Owner: s.ownerOf(name), Unknown: !known && sure, Environments: environmentsOf(found), For: durationsWith("1h"), Now: now}
	if err := s.addGates(ctx, &v, now); err != nil {
		return v, err
	}
	v.Good, v.Bad = versionsOf(found)
	if err := s.addHistory(ctx, &v, found); err != nil {
		return v, s.storeProblem(err)
	}
	return v, s.addRules(ctx, &v, now)
}

func (s *Server) serviceHint(name string) string {
	if near := s.nearest(name); near != "" {
		return "did you mean " + near + "?"
	}
	return "/changes lists the changes of all services"
}

// environmentsOf are those of changes, the newest first.
func environmentsOf(found []store.Change) (all []string) {
	for _, c := range found {
		if c.Environment != "" && !slices.Contains(all, c.Environment) && !c.Preview() && len(all) < maxPlacesOf {
			all = append(all, c.Environment)
		}
	}
	if len(all) == 0 {
		return []string{defaultEnvironment}
	}
	return all
}

// addGates adds whether the service may be deployed, and what holds it.
func (s *Server) addGates(ctx context.Context, v *web.Service, now time.Time) error {
	for _, environment := range v.Environments {
		g, err := s.askGate(ctx, v.Name, environment, nil)
		if err != nil {
			return err
		}
		shown := web.Gate{Environment: environment, Open: g.Open, Reason: g.Reason}
		for _, o := range g.Obstacles {
			shown.Obstacles = append(shown.Obstacles, web.Obstacle{Why: o.Why, By: o.Actor, Change: o.Change, Until: web.Left(o.Until, now)})
		}
		v.Gates = append(v.Gates, shown)
	}
	held, err := s.Store.Holds(ctx, now)
	if err != nil {
		return s.storeProblem(err)
	}
	for _, h := range held {
		if h.Service == "" || h.Service == v.Name {
			v.Stops = append(v.Stops, stopOf(h, now))
		}
	}
	return nil
}

// versionsOf are the good and the bad versions among changes, each once, newest first. The newest word
// about a version is what counts.
func versionsOf(found []store.Change) (good, bad []web.Version) {
	type place struct{ environment, thing, version string }
	seen := map[place]bool{}
	for _, c := range found {
		at := place{c.Environment, c.Thing(), c.Version}
		if c.Standing == store.Unjudged || c.Version == "" || seen[at] {
			continue
		}
		seen[at] = true
		v := web.Version{Row: row(api.ChangeSummary{Change: change(c)}), Standing: string(c.Standing)}
		switch {
		case c.Standing == store.Bad && len(bad) < maxVersions:
			bad = append(bad, v)
		case c.Standing != store.Bad && len(good) < maxVersions:
			good = append(good, v)
		}
	}
	return good, bad
}

// addHistory adds the newest changes, and what runs.
func (s *Server) addHistory(ctx context.Context, v *web.Service, found []store.Change) error {
	listed := found
	if len(found) > maxHistory {
		listed = found[:maxHistory]
		v.Older = "/changes?" + url.Values{"service": {v.Name}}.Encode()
	}
	summaries, err := s.summaries(ctx, listed)
	v.History = web.ByDay(rows(summaries))
	live := map[sources.Slot]bool{}
	for _, c := range found {
		if c.Status == sources.Succeeded && c.SupersededBy == "" && !c.Preview() && !live[c.Slot()] {
			live[c.Slot()] = true
			v.Running = append(v.Running, row(api.ChangeSummary{Change: change(c)}))
		}
	}
	return err
}

// addRules adds the rules that watch the service, and how often they were wrong.
func (s *Server) addRules(ctx context.Context, v *web.Service, now time.Time) error {
	if s.Rules == nil {
		return nil
	}
	all, err := s.Rules.Standings(ctx)
	if err != nil {
		return s.storeProblem(err)
	}
	watching := s.rulesOf(v.Name, v.Environments)
	ended, wrong := 0, 0
	byRule := map[string]api.RuleTrust{}
	for _, t := range all {
		mine := t.Service == v.Name
		if mine {
			ended, wrong = ended+t.Record.Ended, wrong+t.Record.FalseAlarms
		}
		if mine || t.Service == "*" && watching[t.Rule] && byRule[t.Rule].Service != v.Name {
			byRule[t.Rule] = t
		}
	}
	for _, t := range byRule {
		v.Rules = append(v.Rules, serviceRule(t, now))
	}
	slices.SortFunc(v.Rules, func(a, b web.ServiceRule) int { return cmp.Compare(a.Name, b.Name) })
	if ended > 0 {
		v.FalseAlarms = strconv.Itoa(wrong) + " of " + strconv.Itoa(ended) + " watches, " + web.Number(float64(wrong)/float64(ended), "fraction")
	}
	return nil
}

// rulesOf are the rules that would watch a change of the service, of any kind.
func (s *Server) rulesOf(service string, environments []string) map[string]bool {
	found := map[string]bool{}
	if s.Watching == nil {
		return found
	}
	for _, environment := range environments {
		for _, kind := range []sources.Kind{sources.Deploy, sources.Config, sources.Flag, sources.Experiment} {
			for _, rule := range s.Watching(sources.Change{Service: service, Environment: environment, Kind: kind, StartedAt: s.Now()}) {
				found[rule] = true
			}
		}
	}
	return found
}

func serviceRule(t api.RuleTrust, now time.Time) web.ServiceRule {
	r := web.ServiceRule{
		Name: t.Rule, Team: t.Team, Mode: t.Effective, Ended: t.Record.Ended, Fired: t.Record.Fired, FalseAlarms: t.Record.FalseAlarms,
		Elsewhere: t.Service == "*",
	}
	if t.Record.FalseRate != nil {
		r.Rate = web.Number(*t.Record.FalseRate, "fraction")
	}
	if t.Record.LastFire != nil {
		r.LastFire = web.Ago(*t.Record.LastFire, now)
	}
	return r
}
