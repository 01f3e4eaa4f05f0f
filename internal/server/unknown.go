package server

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/planning"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
)

// unknownPolicy is what happens to a request that names a service which the catalogue does not
// know. The daemon takes it with a warning unless it is told otherwise: a service may be new, and
// a deploy that happened must not go unreported. See adr/0123.
type unknownPolicy string

const (
	allowUnknown  unknownPolicy = "allow"
	warnUnknown   unknownPolicy = "warn"
	refuseUnknown unknownPolicy = "refuse"

	unknownService = planning.UnknownService
)

func unknownPolicyOf(text string) (unknownPolicy, error) {
	p := unknownPolicy(cmp.Or(text, string(warnUnknown)))
	if !slices.Contains([]unknownPolicy{allowUnknown, warnUnknown, refuseUnknown}, p) {
		return "", errors.New("unknown is none of allow, warn, refuse")
	}
	return p, nil
}

// unknownServiceError refuses a service that the catalogue does not know.
type unknownServiceError struct{ service, nearest string }

func (e *unknownServiceError) Error() string {
	if e.nearest == "" {
		return "no service " + e.service
	}
	return fmt.Sprintf("no service %s; nearest: %s", e.service, e.nearest)
}

const unknownHint = "correct the name, or take it as it is with unknown=warn (pushback: --unknown warn); GET /v1/services lists those that there are"

// isUnknown reports whether the catalogue can tell that it does not know a service.
func (s *Server) isUnknown(service string) bool {
	if s.Knows == nil || service == "" {
		return false
	}
	known, sure := s.Knows(service)
	return sure && !known
}

// nearest is the service of the catalogue that a name is most likely a misspelling of, "" for none.
func (s *Server) nearest(service string) string {
	if s.Services == nil {
		return ""
	}
	return strictyaml.Nearest(service, s.Services())
}

func (s *Server) refuseUnknown(events []admittedEvent) error {
	for _, ev := range events {
		if service := ev.Event().Service; s.isUnknown(service) {
			return &unknownServiceError{service, s.nearest(service)}
		}
	}
	return nil
}

// canonicalName is the service that people mean by a name.
func (s *Server) canonicalName(name string) string {
	if s.Canonical == nil {
		return name
	}
	return s.Canonical(sources.Event{Source: APISource, Service: name}).Service
}

// checkNamed warns of a service that a person or a pipeline has named, or refuses it.
func (s *Server) checkNamed(name string, policy string) ([]api.Warning, error) {
	service := s.canonicalName(name)
	if unknownPolicy(policy) == allowUnknown || !s.isUnknown(service) {
		return nil, nil
	}
	e := &unknownServiceError{service, s.nearest(service)}
	if unknownPolicy(policy) == refuseUnknown {
		return nil, intakeProblem(e)
	}
	w := api.Warning{Code: unknownService, Detail: sources.OneLine(e.Error(), sources.MaxText)}
	if e.nearest != "" {
		w.Hint = fmt.Sprintf("did you mean %q?", e.nearest)
	}
	return []api.Warning{w}, nil
}

// maxUnknown bounds the unknown services that are remembered. A tool that makes up a name for every
// event pushes out the one that was named longest ago.
const maxUnknown = 100

// unknownServices are the services that events named and that the catalogue did not know, since
// the process began. Each replica remembers what it received.
type unknownServices struct {
	mu    sync.Mutex
	found map[string]*api.UnknownService
}

// noteUnknown remembers an event about a service that the catalogue does not know, or may not: it
// is asked again when the list is shown.
func (s *Server) noteUnknown(e sources.Event, a store.Accepted) {
	if s.Knows == nil || a.Duplicate {
		return
	}
	if known, _ := s.Knows(e.Service); !known {
		s.unknown.note(e.Service, e.Source, s.Now())
	}
}

func (u *unknownServices) note(service, source string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.found == nil {
		u.found = map[string]*api.UnknownService{}
	}
	one := u.found[service]
	if one == nil {
		if len(u.found) >= maxUnknown {
			delete(u.found, u.oldest())
		}
		one = &api.UnknownService{Service: service, Since: now}
		u.found[service] = one
	}
	one.Source, one.Last = source, now
	one.Events++
}

// oldest is the service that was named longest ago.
func (u *unknownServices) oldest() (service string) {
	for name, one := range u.found {
		if service == "" || one.Last.Before(u.found[service].Last) || one.Last.Equal(u.found[service].Last) && name < service {
			service = name
		}
	}
	return service
}

func (u *unknownServices) all() (all []api.UnknownService) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, one := range u.found {
		all = append(all, *one)
	}
	return all
}

// listUnknown are the services that events named and that the catalogue does not know now, those
// named last first.
func (s *Server) listUnknown() []api.UnknownService {
	all := slices.DeleteFunc(s.unknown.all(), func(one api.UnknownService) bool { return !s.isUnknown(one.Service) })
	slices.SortFunc(all, func(a, b api.UnknownService) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Service, b.Service))
	})
	for i := range all {
		all[i].Nearest = s.nearest(all[i].Service)
	}
	return append([]api.UnknownService{}, all...)
}

// shownUnknown is how many unknown services a page shows; the API has all.
const shownUnknown = 20

func unknownRows(all []api.UnknownService) (rows []web.Unknown) {
	for _, one := range all[:min(len(all), shownUnknown)] {
		rows = append(rows, web.Unknown{Service: one.Service, Source: one.Source, Nearest: one.Nearest, Since: one.Since, Events: one.Events})
	}
	return rows
}
