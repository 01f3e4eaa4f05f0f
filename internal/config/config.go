package config

import (
	"time"

	"github.com/pushback/pushback/internal/openid"
	"github.com/pushback/pushback/internal/people"
	"github.com/pushback/pushback/internal/probes"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/internal/wall"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources/changes"
)

// The defaults of single keys.
const (
	DefaultListen    = "127.0.0.1:8484"
	DefaultData      = "data"
	DefaultRules     = "rules"
	DefaultRetention = 90 * 24 * time.Hour
	DefaultJournal   = 3 * 365 * 24 * time.Hour
	DefaultClean     = 20
)

// DefaultProfiles is twice a day, because a profile describes the shape of a day from
// the days before it was learned.
var DefaultProfiles = rules.Schedule{Cron: "7 2,14 * * *"}

// DefaultMissed is often enough that a watch can still begin while its change matters, and seldom
// enough for the rate limits of tools.
var DefaultMissed = rules.Schedule{Cron: "*/10 * * * *"}

// DefaultBusiness is 9 to 17 UTC on weekdays.
var DefaultBusiness = rules.Freeze{{Cron: "0 9 * * MON-FRI", Zone: "UTC", Duration: 8 * time.Hour}}

// Config is a checked pushback.yml, with defaults filled in and paths made absolute.
type Config struct {
	File        string           // path of pushback.yml as it was given
	Listen      string           // host:port; loopback by default
	Replica     string           // names this process among those that share a database; "": see ReplicaName
	ExternalURL string           // the URL of Pushback for browsers; the base of every link
	TokenFile   string           // bearer tokens of the API; required to listen beyond loopback
	WebConfig   string           // TLS and basic auth, in the exporter-toolkit's format
	OIDC        *openid.Settings // the provider where people sign in; nil: only with tokens
	Data        string           // folder of everything Pushback writes: pushback.db, tsdb/, freeze
	Rules       string           // folder of the rules
	AllowEmpty  bool             // a rules folder without any rule is meant so
	Profiles    rules.Schedule   // when signals' profiles are learned
	Missed      rules.Schedule   // when sources are asked for deliveries that were lost
	Retention   time.Duration    // how long changes are stored, with all that belongs to them
	Journal     time.Duration    // how long the journal is stored
	Store       Store

	Metrics        map[string]Adapter
	DefaultMetrics string            // the store of a rule that names none
	Probes         []probes.Settings // with defaults
	ProbeStore     string            // the metric store that they write to
	Sources        map[string]Source
	Hooks          map[string]Hook
	Receivers      map[string]Adapter
	Reports        map[string]Report
	Grafana        *Adapter // nil: no annotations

	Guards   Guards
	Freezes  map[string]rules.Freeze // named windows, for when: freeze("friday")
	Business rules.Freeze            // business hours, for when: business_hours()
	Services Services
	Trust    Trust
	Wall     []wall.Settings // the main signals of the site, for the first page
	People   people.List     // by name

	written written               // what the files held
	places  *strictyaml.Positions // where each value stands in File
	wrong   []string              // paths in File at which Load has found a mistake

	secretFiles []placedFile // every file that holds a secret
}

// Store names Pushback's own database. URL must not contain a password; URLFile names a
// file whose only line is a URL that may.
type Store struct {
	URL     string `yaml:"url"`      // sqlite:/path or postgres://…; empty: sqlite in Data
	URLFile string `yaml:"url_file"` // instead of url
}

// Adapter is one named entry of a section. Settings is a pointer to the Config type of
// its kind, decoded and with paths made absolute.
type Adapter struct {
	Name     string
	Kind     string
	Settings any
}

// Source is a tool that reports changes. The server enforces Services, after it has
// resolved aliases.
type Source struct {
	Adapter
	Services []string      // globs of the services whose changes it may report; empty: all
	Paths    changes.Paths // which services of one repository a change is about, by the files that it touches
	Insecure bool          // no signature is required; allowed only when listening on loopback
}

// Report is a tool that gets the verdict on its own changes.
type Report struct {
	Adapter
	Sources []string // names of Config.Sources whose changes it gets; empty: all of the tool's kind
}

// Hook is what can be run or called to roll a change back. Only rules and the service
// catalogue name hooks.
type Hook struct {
	Adapter
	Idempotent bool   // may be sent twice under one key; by default what the kind says of itself
	Target     Target // which version it goes back to
	Abort      bool   // may stop a rollout that is under way
	Fixed      string // the version that it restores for every flag and experiment; "": what Target says
	Binding    rollback.Binding
}

// Target is the version that a hook goes back to.
type Target string

// Previous is what was live just before, and refused when that is bad;
// LastGood goes further back, to a version whose watch ended healthy. Off is the
// version off for flags and experiments, and Previous for all else.
const (
	Previous Target = "previous"
	LastGood Target = "last_good"
	Off      Target = "off"
)

// Guards refuse rollbacks, whatever the rules say.
type Guards struct {
	Limits     rollback.Limits
	Freezes    []string // names of Config.Freezes: during these times nothing is rolled back without approval
	FreezeFile string   // while it exists nothing is rolled back; `pushback freeze` writes it
}

// Trust is how rules earn their modes.
type Trust struct {
	AsWritten bool       // new rules have their written mode at once, instead of observing first
	Cap       rules.Mode // no rule has a higher mode
	Clean     int        // how many clean changes in a row earn a rule its next mode
}
