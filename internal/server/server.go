package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"golang.org/x/time/rate"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/generic"
)

// Options is everything a Server stands on. Engine, Store, Ready and Now are
// required; what else is left out is not there: no feed, no reload, no hooks.
type Options struct {
	Engine    Engine
	Store     Store
	Ready     func() []api.Trouble                   // why not ready; none: ready
	Frozen    func() (bool, string)                  // whether all acting is stopped, and by what
	Reload    func(context.Context) []api.Diagnostic // reads the rules again; none: they are in force
	Rules     Rules                                  // nil: nothing is said of rules
	Subscribe func() (<-chan string, func())         // keys of changes that moved, and how to stop
	Sources   map[string]Endpoint                    // by the {source} of POST /hooks/{source}
	Canonical func(service string) string            // a tool's name for a service → ours; nil: as it is
	Metrics   *metrics.Set                           // served at /metrics beside the process's own
	Now       func() time.Time                       // the clock of intake, sign-ins and pages
	Log       *slog.Logger                           // nil: nothing is logged
	Version   string                                 // of the program, for the status and the pages

	Listen      string // host:port, to know whether it is loopback
	ExternalURL string // how people and tools reach us; "" where nobody but this host does
	TokenFile   string // a token a line; "": nobody can change anything over HTTP
	WebConfig   string // the exporter-toolkit's TLS and basic-auth file; "": plain HTTP
}

// Endpoint is one configured change source and what it may tell us of.
type Endpoint struct {
	Source   changes.Source
	Services []string // path.Match globs of the services it may speak for; none: all
	Insecure bool     // its deliveries are not signed; refused beyond loopback
}

// Server is the port. It is made once and serves any number of requests.
type Server struct {
	Options
	external *url.URL // nil: none
	loopback bool
	started  time.Time
	events   changes.Source // reads POST /v1/events, once a token has opened it
	tokens   tokens
	signIns  *rate.Limiter
	pages    *web.Pages
	handler  http.Handler
}

// New checks the options and lays out the routes.
func New(o Options) (*Server, error) {
	s := &Server{Options: o, tokens: tokens{path: o.TokenFile}, loopback: isLoopback(o.Listen), started: o.Now()}
	s.signIns = rate.NewLimiter(rate.Every(time.Second), signInBurst)
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Metrics == nil {
		s.Metrics = metrics.NewSet()
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("setting up the HTTP server: %w", err)
	}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("setting up the HTTP server: %w", err)
	}
	s.handler = s.guard(s.routes())
	return s, nil
}

// prepare reads the templates and makes the reader of our own events. That one
// verifies nothing, because its route asks for a token first.
func (s *Server) prepare() (err error) {
	if s.events, err = generic.New(changes.Options{Name: apiSource}, generic.Config{Insecure: true}); err != nil {
		return err
	}
	s.pages, err = web.New(s.Version)
	return err
}

// check finds what would make an open door of a mistake.
func (s *Server) check() error {
	if err := s.tokens.check(); err != nil {
		return err
	}
	if !s.loopback && s.TokenFile == "" {
		return errors.New("listening beyond loopback without a token file would let nobody in (set token_file)")
	}
	if s.ExternalURL != "" {
		u, err := url.Parse(s.ExternalURL)
		if err != nil || u.Host == "" {
			return fmt.Errorf("external URL %q has no host (write it as https://pushback.example.com)", s.ExternalURL)
		}
		s.external = u
	}
	for name, e := range s.Sources {
		if err := s.checkEndpoint(name, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) checkEndpoint(name string, e Endpoint) error {
	if e.Insecure && !s.loopback {
		return fmt.Errorf("source %q is insecure, which is allowed on loopback only (give it a secret)", name)
	}
	for _, glob := range e.Services {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("source %q: services: bad pattern %q", name, glob)
		}
	}
	return nil
}

// Handler is the whole port as a handler, without TLS.
func (s *Server) Handler() http.Handler { return s.handler }

// isLoopback says whether a listen address takes connections of this host
// only. An empty host means every interface, and so does not.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	return isLoopbackName(host)
}

func isLoopbackName(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
