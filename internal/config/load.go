package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/folder"
	"github.com/pushback/pushback/internal/openid"
	"github.com/pushback/pushback/internal/people"
	"github.com/pushback/pushback/internal/probes"
	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/internal/wall"
	"github.com/pushback/pushback/rules"
)

// file is pushback.yml as it is written.
type file struct {
	Listen      string                  `yaml:"listen"`
	Replica     string                  `yaml:"replica"`
	ExternalURL string                  `yaml:"external_url"`
	TokenFile   string                  `yaml:"token_file"`
	WebConfig   string                  `yaml:"web_config"`
	OIDC        *openid.Settings        `yaml:"oidc"`
	Data        string                  `yaml:"data"`
	Rules       string                  `yaml:"rules"`
	AllowEmpty  bool                    `yaml:"allow_empty_rules"`
	Profiles    rules.Schedule          `yaml:"profiles"`
	Missed      rules.Schedule          `yaml:"missed_deliveries"`
	Retention   time.Duration           `yaml:"retention"`
	Journal     time.Duration           `yaml:"journal_retention"`
	Store       Store                   `yaml:"store"`
	Metrics     section                 `yaml:"metrics" required:"unless probes" example:"metrics: {prod: {kind: prometheus, url: http://prometheus:9090}}"`
	Probes      []probes.Settings       `yaml:"probes"`
	Sources     section                 `yaml:"sources"`
	Hooks       section                 `yaml:"hooks"`
	Receivers   section                 `yaml:"receivers"`
	Reports     section                 `yaml:"reports"`
	Grafana     *single                 `yaml:"grafana"`
	Guards      guardsFile              `yaml:"guards"`
	Freezes     map[string]rules.Freeze `yaml:"freezes"`
	Business    rules.Freeze            `yaml:"business_hours"`
	Services    servicesFile            `yaml:"services"`
	Trust       trustFile               `yaml:"trust"`
	Wall        []wall.Settings         `yaml:"wall"`

	People map[string]people.Person `yaml:"people"`
}

// metricsKeys are the keys that every metric store has.
type metricsKeys struct {
	Default bool `yaml:"default"`
}

// reportKeys are the keys that every report has.
type reportKeys struct {
	Sources []string `yaml:"sources"`
}

// hookKeys are the keys that every hook has.
type hookKeys struct {
	Idempotent *bool  `yaml:"idempotent"`
	Target     Target `yaml:"target"`
	Abort      *bool  `yaml:"abort"`

	Teams    []string `yaml:"teams"`
	Services []string `yaml:"services"`
}

type trustFile struct {
	NewRules string `yaml:"new_rules"`
	Cap      string `yaml:"cap"`
	Clean    *int   `yaml:"clean_changes"`
}

// Load reads pushback.yml. Without diagnostics the Config is whole; with any, it only
// serves to find more mistakes.
func Load(path string, kinds Kinds) (Config, Diagnostics) {
	l := loader{name: path, written: newWritten(), kinds: kinds}
	data, err := readLinked(path)
	if err != nil {
		l.at(strictyaml.Position{Line: 1, Column: 1}, Unreadable, unreadable(err), "name another file with -c, or write one with pushback rules init")
		return Config{}, l.found
	}
	if l.folder, err = filepath.Abs(filepath.Dir(path)); err != nil {
		l.at(strictyaml.Position{Line: 1, Column: 1}, Unreadable, err.Error(), "")
		return Config{}, l.found
	}
	l.written.add(path, data)
	l.written.split(data)
	l.decode(data)
	c := l.config()
	l.secrets()
	c.wrong, c.secretFiles = l.wrongAt, l.secretFiles
	return c, l.found.Sorted()
}

// readBounded reads a file of at most strictyaml.MaxSize bytes. A link is followed only inside
// the file's folder, because those who edit a file of services are not always those who run
// the daemon.
func readBounded(path string) ([]byte, error) {
	return strictyaml.ReadFile(folder.Files(filepath.Dir(path)), filepath.Base(path))
}

// readLinked is readBounded for pushback.yml itself, which may be a link to any place: it
// belongs to those who run the daemon.
func readLinked(path string) ([]byte, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	return readBounded(real)
}

// unreadable says why pushback.yml cannot be read, without its name, which every mistake has.
func unreadable(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no file of this name"
	}
	return "it cannot be read: " + cause(err).Error()
}

func byPlace(a, b Diagnostic) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// loader reads one file. Its methods note a mistake and continue, so that people see
// all mistakes at once.
type loader struct {
	name    string // of the file, as it was given
	folder  string // absolute; relative paths are relative to it
	file    file
	kinds   Kinds
	written written
	places  *strictyaml.Positions
	found   Diagnostics
	wrongAt []string // paths at which a mistake was found

	secretFiles []placedFile
}

func (l *loader) decode(data []byte) {
	kinds := l.kinds
	l.file = file{
		Metrics:   section{kinds: kinds.Metrics, shared: metricsKeys{}},
		Sources:   section{kinds: kinds.Sources},
		Hooks:     section{kinds: kinds.Hooks, shared: hookKeys{}},
		Receivers: section{kinds: kinds.Receivers},
		Reports:   section{kinds: kinds.Reports, shared: reportKeys{}},
		Grafana:   &single{settings: kinds.Grafana()},
	}
	var problems []strictyaml.Problem
	l.places, problems = strictyaml.Decode(data, &l.file)
	for _, p := range problems {
		path, ok := l.places.At(strictyaml.Position{Line: p.Line, Column: p.Column})
		if path == "listen" && p.Code == strictyaml.Unquoted {
			p.Hint = addressHint // quotes alone would not make an address of a port
		}
		l.found = append(l.found, Diagnostic{File: l.name, Problem: p})
		if ok && p.Code != strictyaml.UnknownKey {
			l.wrongAt = append(l.wrongAt, path)
		}
	}
	l.checkAnyMetrics()
}

// wrong notes a mistake at the value of a path.
func (l *loader) wrong(path, code, hint, format string, args ...any) {
	l.wrongAt = append(l.wrongAt, path)
	l.at(l.places.Value(path), code, fmt.Sprintf(format, args...), hint)
}

func (l *loader) at(p strictyaml.Position, code, message, hint string) {
	l.found = append(l.found, Diagnostic{File: l.name, Problem: strictyaml.Problem{
		Line: p.Line, Column: p.Column, Code: code, Message: message, Hint: hint,
	}})
}

// config checks what is written and makes a Config of it.
func (l *loader) config() Config {
	f := l.file
	c := Config{
		File:        l.name,
		written:     l.written,
		Listen:      cmp.Or(f.Listen, DefaultListen),
		Replica:     l.replica(),
		ExternalURL: f.ExternalURL,
		TokenFile:   l.existing("token_file", f.TokenFile),
		WebConfig:   l.existing("web_config", f.WebConfig),
		OIDC:        l.oidc(),
		Data:        l.folderAt("data", l.path(cmp.Or(f.Data, DefaultData))),
		Rules:       l.folderAt("rules", l.existing("rules", cmp.Or(f.Rules, DefaultRules))),
		AllowEmpty:  f.AllowEmpty,
		Profiles:    rules.Schedule{Cron: cmp.Or(f.Profiles.Cron, DefaultProfiles.Cron), Zone: f.Profiles.Zone},
		Missed:      rules.Schedule{Cron: cmp.Or(f.Missed.Cron, DefaultMissed.Cron), Zone: f.Missed.Zone},
		Freezes:     f.Freezes,
		Business:    f.Business,
	}
	if c.Business == nil {
		c.Business = DefaultBusiness
	}
	c.Retention, c.Journal = l.retention()
	c.Probes = l.probes()
	c.Metrics, c.DefaultMetrics, c.ProbeStore = l.metrics(c.Probes)
	c.Sources = l.sources()
	c.Hooks = l.hooks()
	c.Receivers = l.adapters("receivers", f.Receivers)
	c.Reports = l.reports(c.Sources)
	c.Grafana = l.grafana()
	c.Store = l.store(c.Data)
	c.Guards = l.guards(c.Data)
	c.Services = l.services(c)
	c.Trust = l.trust()
	c.Wall = l.wall(c)
	c.People = l.people()
	l.routes(c)
	l.address(c)
	c.places, c.wrong = l.places, l.wrongAt
	return c
}

// shortestRetention keeps what people look at on the day after.
const shortestRetention = 24 * time.Hour

// retention is how long changes are stored, and how long the journal. The journal explains
// the changes, and is never shorter.
func (l *loader) retention() (changes, journal time.Duration) {
	changes = cmp.Or(l.file.Retention, DefaultRetention)
	if changes < shortestRetention {
		l.wrong("retention", strictyaml.BadValue, "write at least 1d; the default is 90d", "this is too short: a change would be deleted while people ask about it")
	}
	journal = cmp.Or(l.file.Journal, max(DefaultJournal, changes))
	if journal < changes {
		l.wrong("journal_retention", strictyaml.BadValue, "write at least the value of retention; the default is 1095d", "the journal must be stored as long as the changes that it explains")
	}
	return changes, journal
}

// path makes a path absolute; "" stays "".
func (l *loader) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(l.folder, p)
}

// existing makes a path absolute, and notes a mistake if it does not exist.
// Where the secret itself stands in place of the file's name, it is not repeated.
func (l *loader) existing(key, p string) string {
	p = l.path(p)
	mistaken := secret.Mistaken(strings.TrimPrefix(p, l.folder+"/")) // adapters may have made it absolute
	if p == "" {
		return p
	}
	if _, err := os.Stat(p); err != nil && mistaken {
		l.wrong(key, MissingFile, "this names a file: if it is the secret itself, write it into a file, and name that here", "there is no file of this name")
	} else if err != nil {
		l.wrong(key, MissingFile, "paths are relative to the folder of the file that names them", "cannot read %s: %v", p, cause(err))
	}
	return p
}

// folderAt notes a mistake if a path is not a folder. One that does not exist is another mistake, or
// none.
func (l *loader) folderAt(key, p string) string {
	if info, err := os.Stat(p); err == nil && !info.IsDir() {
		l.wrong(key, strictyaml.BadValue, "name the folder that holds it", "%s is a file; this key names a folder", p)
	}
	return p
}

// cause is the operating system's error without the path, which the message has already.
func cause(err error) error {
	var e *os.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
