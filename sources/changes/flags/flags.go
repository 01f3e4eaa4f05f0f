// Package flags is what the sources of feature flags have in common: a flag that serves
// something else is a change of the service that reads it.
//
// A tool's folder reads its deliveries into Changes, and Source makes events of them:
//
//	kind      flag, or change_kind: experiment
//	group     the flag's key, so that all steps of a ramp are of one slot (adr/0078)
//	version   what it serves now, as the hooks of flags set it: off, on, 25 %, or a variation
//	previous  what it served before, where the tool says so
//	label     project: the tool's project, by which a hook finds the flag
//	service   `service`, else the flag's tag service:<name>, else the project
//
// A change of which the tool cannot say by such a word what became of it, such as other
// targeting rules at the same share, has a version that ends in # and a fingerprint of the
// rules. It can be told apart, and no hook takes it for something that it could set.
//
// See adr/0118.
package flags

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Config is a source of flags in pushback.yml.
type Config struct {
	SecretFiles   []string `yaml:"secret_files"` // any one of them is accepted
	Insecure      bool     `yaml:"insecure"`     // no secret: on loopback only
	Service       string   `yaml:"service"`      // that reads every flag of this source; "": by tag or project
	ServiceTag    string   `yaml:"service_tag"`  // what the tag that names a flag's service begins with; "": "service:"
	changes.Scope `yaml:",inline"`
}

// ProjectLabel is the label with the tool's project, for the hooks of flags (project: $label.project).
const ProjectLabel = "project"

// State is what a flag serves in one environment.
type State struct {
	Serves string // off, on, a share such as 25%, or a variation; "": not known
	Rules  any    // all that decides it, in any form that json.Marshal writes; nil: not known
}

// Off and On are the states that need no word more.
var Off, On = State{Serves: "off"}, State{Serves: "on"}

// Share is a percentage as the hooks of flags read it: 25%, 0.5%, 33.333%.
func Share(percent float64) string {
	return strconv.FormatFloat(float64(int64(percent*1000+0.5))/1000, 'f', -1, 64) + "%"
}

// Change is one flag that changed in one environment.
type Change struct {
	ID          string // the tool's own, or what Fingerprint makes of fields of the delivery
	Flag        string // its key
	Project     string
	Tags        []string
	Environment string
	Before, Now State
	At          time.Time
	Sequence    int64 // the tool's order among changes; 0 where it has none
	Actor       string
	URL         string
}

// Read reads the changes of a verified delivery. The text of an error names no value.
type Read func(h http.Header, body []byte) ([]Change, error)

// Source makes events of a tool's deliveries.
type Source struct {
	signature.Verifier
	name, tool string
	config     Config
	read       Read
}

// New reads the secrets and checks the settings. The tool's name is part of the ids of changes.
func New(o changes.Options, c Config, tool string, proof signature.Scheme, read Read) (*Source, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := sources.CheckName(c.Service); c.Service != "" && err != nil {
		return nil, fmt.Errorf("service: %w", err)
	}
	verifier, err := signature.NewVerifier(c.SecretFiles, c.Insecure, proof)
	if err != nil {
		return nil, err
	}
	c.ServiceTag = cmp.Or(c.ServiceTag, "service:")
	c.Kind = cmp.Or(c.Kind, sources.Flag)
	return &Source{Verifier: verifier, name: o.Name, tool: tool, config: c, read: read}, nil
}

// Name is the source's name in pushback.yml, and in its events.
func (s *Source) Name() string { return s.name }

// Parse reads a verified delivery. Changes after which a flag serves what it served before are no events.
func (s *Source) Parse(h http.Header, body []byte) (events []sources.Event, _ error) {
	all, err := s.read(h, body)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.same() {
			continue
		}
		e, err := s.event(c)
		if err != nil {
			return nil, err
		}
		events = append(events, s.config.Translate(e)...)
	}
	if len(events) == 0 {
		return nil, changes.Ignored("no flag serves anything else than before")
	}
	return events, nil
}

// same says whether the tool reported what was before, and nothing else is now.
func (c Change) same() bool {
	return c.Before.Serves != "" && c.Before.Serves == c.Now.Serves && fingerprintOf(c.Before.Rules) == fingerprintOf(c.Now.Rules)
}

func (s *Source) event(c Change) (sources.Event, error) {
	switch {
	case c.ID == "":
		return sources.Event{}, changes.Bad("the id of the change is missing")
	case c.Flag == "":
		return sources.Event{}, changes.Bad("the key of the flag is missing")
	case c.Environment == "":
		return sources.Event{}, changes.Bad("the environment of the flag is missing")
	case c.At.IsZero():
		return sources.Event{}, changes.Bad("the time of the change is missing")
	case c.Now.Serves == "":
		return sources.Event{}, changes.Bad("what the flag serves is missing")
	}
	service, err := s.serviceOf(c)
	if err != nil {
		return sources.Event{}, err
	}
	id := s.tool + ":" + c.ID + "/" + c.Environment
	e := sources.Event{
		Source: s.name, EventID: id, ChangeID: id, Status: sources.Succeeded, At: c.At.UTC(), Sequence: c.Sequence,
		Service: service, Environment: c.Environment, Group: c.Flag, Actor: c.Actor, URL: c.URL,
	}
	if c.Project != "" {
		e.Labels = map[string]string{ProjectLabel: c.Project}
	}
	e.Version, e.Previous = c.versions()
	return e, nil
}

// serviceOf is the service whose flag it is.
func (s *Source) serviceOf(c Change) (string, error) {
	if s.config.Service != "" {
		return s.config.Service, nil
	}
	for _, tag := range c.Tags {
		if service, ok := strings.CutPrefix(tag, s.config.ServiceTag); ok && service != "" {
			return service, nil
		}
	}
	if c.Project == "" {
		return "", changes.Bad("the flag names no service: tag it %s<name>, or set service at the source in pushback.yml", s.config.ServiceTag)
	}
	return c.Project, nil
}

// versions are the texts of what is served now and was served before. Two different states
// with one text are told apart by what decides them.
func (c Change) versions() (now, before string) {
	now, before = nameable(c.Now.Serves), nameable(c.Before.Serves)
	if now == before {
		now, before = nameable(now+fingerprintOf(c.Now.Rules)), nameable(before+fingerprintOf(c.Before.Rules))
	}
	return now, before
}

// nameable is a text that can be a version: a variation may be called anything, and a name
// that events cannot have must not cost the event.
func nameable(text string) string {
	if text != "" && sources.CheckName(text) != nil {
		return "#" + Fingerprint(text)
	}
	return text
}

// fingerprintOf tells rules apart in eight digits; "" where they are not known.
func fingerprintOf(rules any) string {
	if rules == nil {
		return ""
	}
	return " #" + Fingerprint(rules)
}

// Fingerprint tells values apart, as the id of a change for which the tool has none. The values
// themselves cannot be read from it.
func Fingerprint(values ...any) string {
	text, err := json.Marshal(values)
	if err != nil {
		return "" // no value of JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Time reads a time in seconds or milliseconds since 1970: the tools do not agree, and some do
// not say. Zero stays the zero time.
func Time(n int64) time.Time {
	switch {
	case n == 0:
		return time.Time{}
	case n < 100_000_000_000: // as milliseconds that is before March 1973
		return time.Unix(n, 0).UTC()
	}
	return time.UnixMilli(n).UTC()
}
