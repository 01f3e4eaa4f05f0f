package config

import (
	"time"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
)

// Defaults for what most installations never write.
const (
	DefaultListen    = "127.0.0.1:8484"
	DefaultData      = "data"
	DefaultRules     = "rules"
	DefaultRetention = 90 * 24 * time.Hour
	DefaultClean     = 20
)

// DefaultProfiles is twice a day: a profile knows the shape of a day for as
// long as its own last day reaches.
var DefaultProfiles = rules.Schedule{Cron: "7 2,14 * * *"}

// DefaultBusiness is what most offices keep.
var DefaultBusiness = rules.Freeze{{Cron: "0 9 * * MON-FRI", Zone: "UTC", Duration: 8 * time.Hour}}

// Config is pushback.yml: checked, defaults filled in, paths made absolute.
type Config struct {
	File        string         // where it was read from
	Listen      string         // host:port; loopback unless the operator says otherwise
	ExternalURL string         // what people's browsers reach us by; the base of every link
	TokenFile   string         // bearer token of the API; needed to listen beyond loopback
	WebConfig   string         // TLS and basic auth, in the exporter-toolkit's format
	Data        string         // folder of everything we write: pushback.db, tsdb/, freeze
	Rules       string         // folder of the rules
	Profiles    rules.Schedule // when signals' profiles are learned
	Retention   time.Duration  // how long raw events, records and finished jobs are kept
	Store       Store

	Metrics        map[string]Adapter
	DefaultMetrics string // the store of a rule that names none
	Sources        map[string]Source
	Hooks          map[string]Hook
	Receivers      map[string]Adapter
	Grafana        *Adapter // nil: no annotations

	Guards   Guards
	Freezes  map[string]rules.Freeze // named windows, for when: freeze("friday")
	Business rules.Freeze            // business hours, for when: business_hours()
	Services Services
	Trust    Trust

	places *strictyaml.Positions // where everything stands in File
	wrong  []string              // paths in File that Load found a mistake at
}

// Store says where the state is kept. An URL in the file may not hold a
// password; URLFile names a file whose one line may.
type Store struct {
	URL     string `yaml:"url"`      // sqlite:/path or postgres://…; empty: sqlite in Data
	URLFile string `yaml:"url_file"` // instead of url
}

// Adapter is one named entry whose kind decides what else it says. Settings
// is a pointer to the adapter's own Config, decoded and with its paths made
// absolute.
type Adapter struct {
	Name     string
	Kind     string
	Settings any
}

// Source is a tool that may tell us of changes, and of which: the server
// enforces Services, where every alias has been resolved.
type Source struct {
	Adapter
	Services []string // globs of the services it may speak for; empty: all
	Insecure bool     // no signature is asked for; only where we listen on loopback
}

// Hook is something that can be run or called to roll a change back. Rules
// name it; nobody else can.
type Hook struct {
	Adapter
	Idempotent bool   // may be sent twice under one key without harm; the kind's nature where nothing is written
	Target     Target // which version it is asked to go back to
	Abort      bool   // may stop a rollout that is half-way
}

// Target is the version a hook is asked for.
type Target string

// Previous is what was live just before, and refused when that is bad;
// LastGood skips further back to a version that stood its watch.
const (
	Previous Target = "previous"
	LastGood Target = "last_good"
)

// Guards stop acting whatever a rule says.
type Guards struct {
	Limits     rollback.Limits
	Freezes    []string // names among Config.Freezes: while one holds, nothing is rolled back unasked
	FreezeFile string   // while it exists nothing acts; `pushback freeze` writes it
}

// Trust is how far rules are believed.
type Trust struct {
	AsWritten bool       // new rules act as written at once, instead of observing first
	Cap       rules.Mode // no rule goes further than this
	Clean     int        // how many clean changes in a row earn a rule its next step
}
