// Package flipt turns the audit events of Flipt's webhook into events of flags
// (docs.flipt.io/v1/configuration/observability, x-flipt-webhook-signature).
//
//	type                             the flag then serves
//	flag                             on or off; off where it was deleted
//	rollout with a threshold         its percentage
//	rollout of a segment, rule,
//	variant                          something else, told apart by a fingerprint
//	all others                       ignored
//
// Flipt reports the object after the change alone: there is no version before, and a new
// description is reported as the flag is. A denied action is ignored. The namespace is
// taken as the environment, since Flipt has no other; rename it with `environments`.
//
// Flipt sends no id. It is made of the object, the action and the time.
//
// See adr/0118.
package flipt

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Config is a source of kind flipt in pushback.yml.
type Config = flags.Config

// New reads the secrets and checks the settings. Flipt has no projects and no tags: `service`
// names the service, or it is the namespace, which the catalogue maps.
func New(o changes.Options, c Config) (*flags.Source, error) {
	return flags.New(o, c, "flipt", signature.HexHMAC("x-flipt-webhook-signature", ""), read)
}

// delivery holds the fields that are read, under Flipt's names.
type delivery struct {
	Type     string `json:"type"`
	Action   string `json:"action"`
	Status   string `json:"status"` // success or denied; older versions leave it out
	Metadata struct {
		Actor struct {
			Name  string `json:"name"`
			Email string `json:"email"`
		} `json:"actor"`
	} `json:"metadata"`
	Payload   json.RawMessage `json:"payload"`
	Timestamp time.Time       `json:"timestamp"`
}

// payload is a flag, or what belongs to one.
type payload struct {
	ID        string `json:"id"`
	Key       string `json:"key"`      // of a flag or a variant
	FlagKey   string `json:"flag_key"` // of what belongs to a flag
	Namespace string `json:"namespace_key"`
	Enabled   bool   `json:"enabled"`
	Threshold *struct {
		Percentage float64 `json:"percentage"`
		Value      bool    `json:"value"`
	} `json:"threshold"`
}

func read(_ http.Header, body []byte) ([]flags.Change, error) {
	var d delivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	switch {
	case d.Type == "" || d.Action == "":
		return nil, changes.Bad("type or action is missing")
	case d.Status == "denied":
		return nil, changes.Ignored("the action was denied")
	case d.Type != "flag" && d.Type != "rollout" && d.Type != "rule" && d.Type != "variant":
		return nil, changes.Ignored("its type is not flag, rollout, rule or variant")
	case d.Action != "created" && d.Action != "updated" && d.Action != "deleted":
		return nil, changes.Ignored("its action changes nothing")
	}
	var p payload
	if err := changes.Decode(d.Payload, &p); err != nil {
		return nil, changes.Bad("payload is not a flag, or what belongs to one")
	}
	flag := p.FlagKey
	if d.Type == "flag" {
		flag = p.Key
	}
	return []flags.Change{{
		ID:   flags.Fingerprint(d.Type, d.Action, p.Namespace, flag, p.ID, d.Timestamp.UTC(), d.Payload),
		Flag: flag, Project: p.Namespace, Environment: p.Namespace, Now: d.state(p), At: d.Timestamp,
		Actor: cmp.Or(d.Metadata.Actor.Email, d.Metadata.Actor.Name),
	}}, nil
}

// state is what the flag serves after the action, as far as its object says.
func (d delivery) state(p payload) flags.State {
	switch {
	case d.Type == "flag" && (d.Action == "deleted" || !p.Enabled):
		return flags.Off
	case d.Type == "flag":
		return flags.On
	case d.Action != "deleted" && p.Threshold != nil && p.Threshold.Value && p.Threshold.Percentage >= 0 && p.Threshold.Percentage <= 100:
		return flags.State{Serves: flags.Share(p.Threshold.Percentage)}
	}
	return flags.State{Serves: d.Type + " " + d.Action + " #" + flags.Fingerprint(d.Payload)}
}
