package server

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

const (
	maxQueryWords  = 8   // of a search
	maxSuggestions = 500 // services, or environments, that a page suggests
)

// movedToChanges redirects an address of the list of changes from when it was the first page.
func movedToChanges(w http.ResponseWriter, r *http.Request) bool {
	q := r.URL.Query()
	if !q.Has("service") && !q.Has("environment") && !q.Has("before") {
		return false
	}
	moved := url.URL{Path: "/changes", RawQuery: q.Encode()}
	http.Redirect(w, r, moved.String(), http.StatusMovedPermanently)
	return true
}

func (s *Server) changesPage(w http.ResponseWriter, r *http.Request) error {
	return s.showShared(w, r, "Changes", "", func(ctx context.Context, f web.Frame) (*web.Rendered, error) {
		l, err := s.changesView(ctx, r.URL.Query())
		l.Frame = f
		if err != nil {
			return nil, s.storeProblem(err)
		}
		return s.pages.RenderList(l)
	})
}

// changesView is the page of changes that meet the filter of an address.
func (s *Server) changesView(ctx context.Context, q url.Values) (web.List, error) {
	l := web.List{Filter: filterOf(q), States: stateNames, Kinds: kindNames}
	var err error
	if l.Services, l.Environments, err = s.suggestions(ctx); err != nil {
		return l, err
	}
	l.Teams = s.teams(l.Services)
	found, err := s.searchedPage(ctx, l.Filter, momentOf(q.Get("before")))
	if err != nil {
		return l, err
	}
	l.Days, l.Older = web.ByDay(rows(found.Changes.Changes)), olderPage(q, found.Before)
	l.Shown, l.SearchedTo = len(found.Changes.Changes), found.searchedTo
	return l, nil
}

// filterOf reads a filter from an address. What it cannot read selects all.
func filterOf(q url.Values) web.Filter {
	one := func(name string) string { return sources.OneLine(q.Get(name), sources.MaxName) }
	return web.Filter{
		Query: one("q"), Service: one("service"), Environment: one("environment"), Kind: one("kind"), State: one("state"),
		Team: one("team"), Person: one("person"), From: one("from"), To: one("to"),
	}
}

// momentOf reads a moment, or the beginning of a day, UTC; zero for neither.
func momentOf(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	return time.Time{}
}

// untilOf is the end of a filter's time: that of the day, if a day is given.
func untilOf(text string) time.Time {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1)
	}
	return momentOf(text)
}

// searched is a page of a search.
type searched struct {
	api.Changes
	searchedTo time.Time // how far back it looked, if that is not all and the page is not full
}

// searchedPage reads the changes of a filter that began before a moment.
func (s *Server) searchedPage(ctx context.Context, f web.Filter, before time.Time) (page searched, err error) {
	if found := s.byKeyPrefix(ctx, f); len(found) > 0 {
		page.Changes.Changes, err = s.summaries(ctx, found)
		return page, err
	}
	wanted := s.storeFilter(f, before)
	limit := wanted.Limit
	wanted.Limit++
	found, err := s.Store.SearchChanges(ctx, wanted)
	if err != nil {
		return page, err
	}
	all := found.Changes
	switch {
	case len(all) > limit:
		all = all[:pageEnd(all, limit)]
		page.Before = all[len(all)-1].StartedAt
	case !found.Before.IsZero():
		page.Before, page.searchedTo = found.Before, found.Before
	}
	if f.Person != "" {
		all = slices.DeleteFunc(all, func(c store.Change) bool { return !concerns(c, f.Person) })
	}
	page.Changes.Changes, err = s.summaries(ctx, all)
	return page, err
}

// byKeyPrefix are the changes that a search for one word names by the beginning of a key.
func (s *Server) byKeyPrefix(ctx context.Context, f web.Filter) []store.Change {
	if f.Query == "" || f != (web.Filter{Query: f.Query}) || strings.Contains(f.Query, " ") {
		return nil
	}
	found, err := s.Store.FindByKey(ctx, f.Query)
	if err != nil {
		return nil // the search by words says so
	}
	return found
}

func (s *Server) storeFilter(f web.Filter, before time.Time) store.ChangeFilter {
	words := strings.Fields(f.Query)
	service := f.Service
	if service != "" {
		service = s.canonicalName(service)
	}
	wanted := store.ChangeFilter{
		Service: service, Environment: f.Environment, Kind: sources.Kind(f.Kind), State: f.State,
		Words: words[:min(len(words), maxQueryWords)], Since: momentOf(f.From), Before: before, Limit: defaultPage,
	}
	if until := untilOf(f.To); !until.IsZero() && (before.IsZero() || until.Before(before)) {
		wanted.Before = until
	}
	if person := plainPerson(f.Person); person != "" {
		wanted.Words = append(slices.Clone(wanted.Words), person)
	}
	if f.Team != "" {
		wanted.Services = s.servicesOf(f.Team)
	}
	return wanted
}

func plainPerson(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.TrimSpace(name), "@"))
}

// concerns says whether a name is a part of that of the actor or of a rider: a search finds
// somebody before the name is typed to its end.
func concerns(c store.Change, person string) bool {
	return slices.ContainsFunc(append([]string{c.Actor}, c.Riders...), func(one string) bool {
		return strings.Contains(strings.ToLower(one), plainPerson(person))
	})
}

// suggestions are the services and environments that there are changes of.
func (s *Server) suggestions(ctx context.Context) (services, environments []string, err error) {
	return s.names.read(s.Now(), func() ([]string, []string, error) {
		services, err := s.Store.ChangedServices(ctx, maxSuggestions)
		if err != nil {
			return nil, nil, err
		}
		environments, err := s.Store.ChangedEnvironments(ctx, maxSuggestions)
		return services, environments, err
	})
}

// teams are the owners of services, each once.
func (s *Server) teams(services []string) (teams []string) {
	for _, service := range services {
		if team := s.ownerOf(service); team != "" {
			teams = append(teams, team)
		}
	}
	slices.Sort(teams)
	return slices.Compact(teams)
}

// servicesOf are the services with changes that a team owns; never nil.
func (s *Server) servicesOf(team string) []string {
	owned := []string{}
	for _, service := range s.names.services() {
		if s.ownerOf(service) == team {
			owned = append(owned, service)
		}
	}
	return owned
}

// stateNames are the states that changes can be filtered by, as their badges call them.
var stateNames = func() (all []web.Choice) {
	for _, state := range []string{
		string(watch.Watching), string(watch.Waiting), string(watch.Regressed), string(watch.Blind), string(watch.Inconclusive),
		string(watch.Superseded), string(watch.Healthy), store.Unwatched,
	} {
		all = append(all, web.Choice{Value: state, Label: web.BadgeOf(state, "").Word})
	}
	return all
}()

var kindNames = []web.Choice{
	{Value: string(sources.Deploy), Label: "Deploys"},
	{Value: string(sources.Config), Label: "Config"},
	{Value: string(sources.Flag), Label: "Flags"},
	{Value: string(sources.Experiment), Label: "Experiments"},
}
