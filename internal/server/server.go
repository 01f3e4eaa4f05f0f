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
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"golang.org/x/time/rate"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/deliveries"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/picturing"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/wall"
	"github.com/pushback/pushback/internal/webconfig"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/generic"
)

// Options is everything that a Server needs. Engine, Store, Ready and Now are
// required. What else is left out does not exist: no stream, no reload, no sources.
type Options struct {
	Engine        Engine
	Store         Store
	Ready         func() []api.ComponentProblem                     // what does not work; none: ready
	Started       func() bool                                       // whether the engine works and knows its rules; nil: it does
	Frozen        func() (bool, string)                             // whether all acting is stopped, and by what
	Reload        func(context.Context) []api.Diagnostic            // reads the rules again; they are in force if it returns none
	Freezer       Freezer                                           // nil: no operations and forms about the freeze
	Rules         Rules                                             // nil: no operations and pages about rules
	Details       RuleDetails                                       // nil: no details of rules
	Subscribe     Subscribe                                         // nil: no stream
	Sources       map[string]Endpoint                               // by the {source} of POST /hooks/{source}
	Receivers     map[string]http.Handler                           // by the {receiver} of POST /receivers/{receiver}: those that hear what people press, and under "" what answers strangers for every other name
	Inlets        []Inlet                                           // the configured sources and feeds, by name
	Connects      func() []Connection                               // how everything that Pushback talks to did last; nil: not known
	Deliveries    *deliveries.Record                                // nil: what deliveries come to is not recorded
	Canonical     func(sources.Event) sources.Event                 // puts the catalogue's name of a service in place of its source's; nil: unchanged
	Paths         changes.PathMap                                   // which services an event of POST /v1/events is about, by its paths
	Knows         func(service string) (known, sure bool)           // whether the catalogue has a service, and whether it can tell; nil: it cannot
	Warn          func(sources.Event, sources.Change) []api.Warning // what may be mistyped in an event and its change; nil: nothing is looked for
	Services      func() []string                                   // the services of the catalogue that are known; nil: none
	Owner         func(service string) string                       // the team that owns a service, "" if none is named; nil: no service has an owner
	Protect       Protect                                           // stores what tools hold back; nil: nothing is
	Instances     func(sources.Change) string                       // how many instances run the version of a change, in words; "" or nil: nobody counts
	Pictures      *picturing.Keeper                                 // makes the pictures of changes; nil: one that signs no addresses
	SharePictures bool                                              // summaries name pictures by addresses that open them to whoever has one
	Suspects      Suspects                                          // nil: other changes are not looked for
	Dashboard     DashboardURL                                      // nil: no links to dashboards
	Watching      func(sources.Change) []string                     // the rules that would watch a change; nil: none
	Wall          func() []wall.Line                                // the main signals of the site; nil: none
	Metrics       *metrics.Set                                      // served at /metrics beside the process's own
	Now           func() time.Time                                  // the clock of intake, sign-ins and pages
	Log           *slog.Logger                                      // nil: nothing is logged
	Version       string                                            // the program's, shown in the status and on the pages
	Replica       string                                            // names this process in the status
	Retention     time.Duration                                     // how long changes are kept; 0: for ever
	Journal       time.Duration                                     // how long the journal is kept; 0: for ever

	Listen      string // host:port, to know whether it is loopback
	ExternalURL string // the address that people and tools use; "" if only this host does
	TokenFile   string // one token a line; "": nothing can be changed over HTTP, but by who signs in
	SignIn      SignIn // at a provider of identities; nil: only with tokens
	WebConfig   string // the exporter-toolkit's TLS and basic-auth file; "": plain HTTP
}

// Subscribe returns the keys of changes that moved, those alone that wants takes, and a function to
// stop. A look moves the numbers of a change and nothing else.
type Subscribe func(wants func(key string, look bool) bool) (<-chan string, func())

// Protect stores what the tool of a source holds back until it is answered. added is false where it is
// stored already. Its errors are those of a changes.Source, or of the store.
type Protect func(ctx context.Context, source string, q changes.Question) (p store.Protection, added bool, err error)

// Endpoint is one configured change source, and the services it may report.
type Endpoint struct {
	Source   changes.Source
	Services []string        // path.Match globs of the services it may speak for; none: all
	Paths    changes.PathMap // which services a change is about, by the files that it touches
	Insecure bool            // its deliveries are not signed; refused beyond loopback

	unknown unknownPolicy              // of services that the catalogue does not know
	permits func(service string) error // whether who sends an event may report a service's changes; nil: yes
}

// Server answers HTTP requests. It is safe for concurrent use.
type Server struct {
	Options
	external *url.URL // nil: none
	loopback bool
	started  time.Time
	events   changes.Source // parses POST /v1/events
	tokens   tokens
	key      atomic.Pointer[identity.Key] // see signInKey
	wrong    *rate.Limiter                // of wrong tokens at the sign-in; no limit of right ones
	unsigned *rate.Limiter                // of log lines about deliveries that nobody has signed
	warned   *rate.Limiter                // of deliveries that are looked at for typing errors
	unknown  unknownServices
	bodies   bodies
	web      *webconfig.Guard
	pages    *web.Pages
	names    knownNames
	shared   sharedPages
	compress func(http.Handler) http.Handler
	handler  http.Handler
}

// New checks the options and returns a server that does not listen yet.
func New(o Options) (*Server, error) {
	s := &Server{Options: o, tokens: tokens{path: o.TokenFile}, loopback: isLoopback(o.Listen), started: o.Now()}
	s.wrong = rate.NewLimiter(rate.Every(time.Second), wrongBurst)
	s.unsigned = rate.NewLimiter(rate.Every(time.Second), unsignedBurst)
	s.warned = rate.NewLimiter(warningsPerSecond, warningsPerSecond)
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Pictures == nil {
		s.Pictures = picturing.New(s.Store, nil)
	}
	if s.Metrics == nil {
		s.Metrics = metrics.NewSet()
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("set up the HTTP server: %w", err)
	}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("set up the HTTP server: %w", err)
	}
	s.handler = s.withMiddleware(s.routes())
	return s, nil
}

// prepare parses the templates, and makes the source of POST /v1/events, which
// verifies no signature because the route requires a token.
func (s *Server) prepare() (err error) {
	if s.events, err = generic.New(changes.Options{Name: APISource}, generic.Config{Insecure: true}); err != nil {
		return err
	}
	if s.web, err = s.newGuard(); err != nil {
		return err
	}
	if s.compress, err = newCompression(); err != nil {
		return err
	}
	s.shared = sharedPages{keep: sharedFor, all: map[string]*sharedPage{}}
	s.pages, err = web.New(s.Version)
	return err
}

// check refuses options that would let anybody in, or nobody.
func (s *Server) check() error {
	if err := s.tokens.check(); err != nil {
		return err
	}
	if !s.loopback && s.TokenFile == "" {
		return errors.New("no request could be authorised when listening beyond loopback without a token file (set token_file)")
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
	if e.Insecure && !s.ownHostOnly() {
		return fmt.Errorf("source %q is insecure, which is allowed on loopback only, without an external_url of another host (give it a secret)", name)
	}
	for _, glob := range e.Services {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("source %q: services: bad pattern %q", name, glob)
		}
	}
	return nil
}

// isLoopback says whether a listen address takes connections from this host
// only. An empty host means every interface.
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
