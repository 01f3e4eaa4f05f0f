// Package flagsmith turns Flagsmith's environment webhooks into events of flags
// (docs.flagsmith.com, Environment Settings, X-Flagsmith-Signature).
//
// A flag serves off, on, or the share of its only variant; its value and the other variants are
// told apart by a fingerprint, since a remote config may be long or hold a secret. The state of a
// segment is the flag's in its own words, as in "segment beta: off". What is set for one identity,
// and entries of the audit log, change nothing for a service, and are ignored.
//
// Flagsmith sends no id. It is made of the flag, the environment and the time of the change.
//
// See adr/0118.
package flagsmith

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Config is a source of kind flagsmith in pushback.yml.
type Config = flags.Config

// New reads the secrets and checks the settings. Where nothing else names the service, it is the
// project, which the catalogue maps.
func New(o changes.Options, c Config) (*flags.Source, error) {
	return flags.New(o, c, "flagsmith", signature.HexHMAC("X-Flagsmith-Signature", ""), read)
}

// delivery holds the fields that are read, under Flagsmith's names.
type delivery struct {
	EventType string `json:"event_type"`
	Log       string `json:"log"` // of an entry of the audit log
	Data      struct {
		ChangedBy string       `json:"changed_by"`
		Timestamp time.Time    `json:"timestamp"`
		New       *featureFlag `json:"new_state"`
		Previous  *featureFlag `json:"previous_state"`
	} `json:"data"`
}

// featureFlag is a flag in an environment, for everybody, a segment or an identity.
type featureFlag struct {
	Enabled     bool `json:"enabled"`
	Environment struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	} `json:"environment"`
	Feature struct {
		ID      int64  `json:"id"`
		Name    string `json:"name"`
		Project struct {
			Name string `json:"name"`
		} `json:"project"`
	} `json:"feature"`
	Segment *struct {
		Segment struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		} `json:"segment"`
	} `json:"feature_segment"`
	Identity           json.RawMessage `json:"identity"`
	IdentityIdentifier string          `json:"identity_identifier"`
	Value              json.RawMessage `json:"feature_state_value"`
	Variants           []variant       `json:"multivariate_feature_state_values"`
}

type variant struct {
	Option struct {
		Value json.RawMessage `json:"value"`
	} `json:"multivariate_feature_option"`
	Percentage float64 `json:"percentage_allocation"`
}

func read(_ http.Header, body []byte) ([]flags.Change, error) {
	var d delivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	switch {
	case d.EventType == "" && d.Log != "":
		return nil, changes.Ignored("it is an entry of the audit log: add the webhook to the environment")
	case d.EventType == "":
		return nil, changes.Bad("event_type is missing")
	case d.EventType != "FLAG_UPDATED" && d.EventType != "FLAG_DELETED":
		return nil, changes.Ignored("its event_type is no change of a flag")
	case d.EventType == "FLAG_DELETED":
		d.Data.New = nil
	case d.Data.New == nil:
		return nil, changes.Bad("data.new_state is missing")
	}
	flag := cmp.Or(d.Data.New, d.Data.Previous)
	if flag == nil {
		return nil, changes.Bad("data.previous_state is missing")
	}
	if flag.ofIdentity() {
		return nil, changes.Ignored("it is about one identity")
	}
	return d.change(flag)
}

func (d delivery) change(flag *featureFlag) ([]flags.Change, error) {
	if flag.Feature.ID <= 0 || flag.Environment.ID <= 0 || d.Data.Timestamp.IsZero() {
		return nil, changes.Bad("feature.id, environment.id or data.timestamp is missing")
	}
	c := flags.Change{
		ID:   flags.Fingerprint(flag.Feature.ID, flag.Environment.ID, flag.segment(), d.Data.Timestamp.UTC(), d.EventType),
		Flag: flag.Feature.Name, Project: flag.Feature.Project.Name, Environment: flag.Environment.Name,
		Now: flags.Off, At: d.Data.Timestamp, Actor: d.Data.ChangedBy,
	}
	if d.Data.New != nil {
		c.Now = d.Data.New.state()
	}
	if d.Data.Previous != nil {
		c.Before = d.Data.Previous.state()
	}
	return []flags.Change{c}, nil
}

func (f *featureFlag) ofIdentity() bool {
	return f.IdentityIdentifier != "" || len(f.Identity) > 0 && string(f.Identity) != "null"
}

// segment is the name of the segment that the flag is set for; "" for everybody.
func (f *featureFlag) segment() string {
	if f.Segment == nil {
		return ""
	}
	return cmp.Or(f.Segment.Segment.Name, strconv.FormatInt(f.Segment.Segment.ID, 10))
}

func (f *featureFlag) state() flags.State {
	s := flags.State{Serves: "on", Rules: []any{f.Value, f.Variants}}
	switch {
	case !f.Enabled:
		s = flags.Off
	case len(f.Variants) == 1:
		s.Serves = flags.Share(f.Variants[0].Percentage)
	}
	if name := f.segment(); name != "" {
		s.Serves = "segment " + name + ": " + s.Serves
	}
	return s
}
