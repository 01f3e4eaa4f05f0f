// Package split turns the audit log webhook of Split, which is now Harness Feature Management
// and Experimentation, into events of flags
// (developer.harness.io/docs/feature-management-experimentation/api/webhook/audit-logs).
//
// The version is the number of the flag's definition (changeNumber), as in "revision 1489", and
// off for one that was killed where the definition says so. The number is the order.
//
// Split signs nothing and sets no header. The secret goes into the address, as the password of
// https://pushback:SECRET@pushback.example.org/hooks/split, which most clients send as basic
// authentication (RFC 7617). Split does not say that its own does.
//
// See adr/0118.
package split

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Config is a source of kind split in pushback.yml.
type Config = flags.Config

// New reads the secrets and checks the settings. Split names no project: `service` names the service.
func New(o changes.Options, c Config) (*flags.Source, error) {
	return flags.New(o, c, "split", signature.Token("Authorization"), read)
}

// definition holds the fields of a flag's definition that are read, under Split's names.
type definition struct {
	Name            string      `json:"name"`
	Type            string      `json:"type"`
	ChangeNumber    int64       `json:"changeNumber"`
	Time            int64       `json:"time"`
	Definition      string      `json:"definition"`
	Link            string      `json:"link"`
	EnvironmentName string      `json:"environmentName"`
	Editor          string      `json:"editor"`
	Previous        *definition `json:"previous"`
}

func read(_ http.Header, body []byte) ([]flags.Change, error) {
	var d definition
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	switch {
	case d.Type == "":
		return nil, changes.Bad("type is missing")
	case !strings.EqualFold(d.Type, "split"):
		return nil, changes.Ignored("its type is not split")
	case d.ChangeNumber <= 0:
		return nil, changes.Bad("changeNumber is missing")
	}
	return []flags.Change{{
		ID:   flags.Fingerprint(d.Name, d.EnvironmentName, d.ChangeNumber),
		Flag: d.Name, Environment: d.EnvironmentName, Now: d.state(), Before: d.Previous.state(), At: flags.Time(d.Time),
		Sequence: d.ChangeNumber, Actor: d.Editor, URL: d.Link,
	}}, nil
}

// state is what the flag serves; the zero State where there is no definition.
func (d *definition) state() flags.State {
	if d == nil || d.ChangeNumber <= 0 {
		return flags.State{}
	}
	var text struct {
		Killed bool `json:"killed"`
	}
	if json.Unmarshal([]byte(d.Definition), &text) == nil && text.Killed {
		return flags.Off
	}
	return flags.State{Serves: "revision " + strconv.FormatInt(d.ChangeNumber, 10)}
}
