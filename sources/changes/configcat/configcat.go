// Package configcat turns ConfigCat's webhooks into events of flags
// (configcat.com/docs/advanced/notifications-webhooks, X-ConfigCat-Webhook-Signature-V1).
//
// People write the body of such a webhook themselves. It must be
//
//	{
//	  "config": "##ConfigName##",
//	  "environment": "##EnvironmentName##",
//	  "changed_by": "##ChangedBy##",
//	  "url": "##URL##",
//	  "changes": ##ChangeDetails##
//	}
//
// or the same with "##ChangeDetails##" in quotes, in which ConfigCat puts the list as it is. The
// names of the fields may be those of other recipes: ConfigName, EnvironmentName, ChangedBy, URL and
// ChangeDetails.
//
// Each setting in the list is an event. Its details are text for people, of which the form
// "key: false ➔ true" is read: true is on, false is off, and other values stay as they are. All
// other details are told apart by a fingerprint.
//
// Id and time come from the headers X-ConfigCat-Webhook-ID and -Timestamp, which are signed along
// with the body.
//
// See adr/0118.
package configcat

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Config is a source of kind configcat in pushback.yml.
type Config = flags.Config

// New reads the secrets and checks the settings. Where nothing else names the service, it is the
// config, which the catalogue maps.
func New(o changes.Options, c Config) (*flags.Source, error) {
	return flags.New(o, c, "configcat", signature.ConfigCat(), read)
}

// mostSettings is how many settings one delivery may be about.
const mostSettings = 200

// delivery is the body that the package comment asks for. Keys are read in any case, as
// encoding/json does, so that ConfigName has a field of its own only for its other name.
type delivery struct {
	Config          string          `json:"config"`
	ConfigName      string          `json:"configName"`
	Environment     string          `json:"environment"`
	EnvironmentName string          `json:"environmentName"`
	ChangedBy       string          `json:"changed_by"`
	ChangedByName   string          `json:"changedBy"`
	URL             string          `json:"url"`
	Changes         json.RawMessage `json:"changes"`
	ChangeDetails   json.RawMessage `json:"changeDetails"`
}

// setting is one element of ##ChangeDetails##.
type setting struct {
	Key     string `json:"settingKey"`
	Event   string `json:"event"` // added, changed or deleted
	Details string `json:"details"`
}

func read(h http.Header, body []byte) ([]flags.Change, error) {
	var d delivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	settings, err := d.settings()
	if err != nil {
		return nil, err
	}
	id, seconds := signature.Once(h, "X-ConfigCat-Webhook-ID"), signature.Once(h, "X-ConfigCat-Webhook-Timestamp")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if id == "" || err != nil || at <= 0 {
		return nil, changes.Bad("the headers X-ConfigCat-Webhook-ID and X-ConfigCat-Webhook-Timestamp are missing")
	}
	var all []flags.Change
	for _, s := range settings {
		if s.Key == "" {
			return nil, changes.Bad("a change has no settingKey")
		}
		now, before := s.states()
		all = append(all, flags.Change{
			ID:   flags.Fingerprint(id, s.Key),
			Flag: s.Key, Project: cmp.Or(d.Config, d.ConfigName), Environment: cmp.Or(d.Environment, d.EnvironmentName),
			Now: now, Before: before, At: flags.Time(at), Actor: cmp.Or(d.ChangedBy, d.ChangedByName), URL: d.URL,
		})
	}
	return all, nil
}

// settings opens the list, also where it stands in quotes.
func (d delivery) settings() (all []setting, err error) {
	text := bytes.TrimSpace(d.Changes)
	if len(text) == 0 {
		text = bytes.TrimSpace(d.ChangeDetails)
	}
	if inner := ""; json.Unmarshal(text, &inner) == nil {
		text = []byte(inner)
	}
	var list struct {
		Changes []setting `json:"changes"`
	}
	if !bytes.HasPrefix(text, []byte("[")) {
		return nil, changes.Bad(`changes is not a list: write "changes": ##ChangeDetails## in the webhook's body`)
	}
	if err := changes.Decode(bytes.Join([][]byte{[]byte(`{"changes":`), text, []byte("}")}, nil), &list); err != nil {
		return nil, err
	}
	if len(list.Changes) > mostSettings {
		return nil, changes.Bad("changes has more than %d settings", mostSettings)
	}
	return list.Changes, nil
}

// states reads what the setting serves after and before the change, from its details.
func (s setting) states() (now, before flags.State) {
	rules := strings.TrimSpace(s.Details)
	if s.Event == "deleted" {
		return flags.Off, flags.State{}
	}
	for line := range strings.Lines(s.Details) {
		values, found := strings.CutPrefix(strings.TrimSpace(line), s.Key+": ")
		from, to, arrow := strings.Cut(values, " ➔ ")
		if found && arrow && rules == strings.TrimSpace(line) {
			return flags.State{Serves: word(to)}, flags.State{Serves: word(from)}
		}
	}
	return flags.State{Serves: "#" + flags.Fingerprint(s.Event, rules)}, flags.State{}
}

// word is a value as the hooks of flags write it.
func word(value string) string {
	switch value = strings.TrimSpace(value); value {
	case "true":
		return "on"
	case "false":
		return "off"
	}
	return value
}
