package unleash

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/flags/flagstest"
)

var at = flagstest.Noon.Add(250 * time.Millisecond)

func TestContract(t *testing.T) {
	flagstest.Contract(t, New, changestest.Subject{
		Signatures: []changestest.Signature{flagstest.Bearer},
		Succeeded:  changestest.Delivery{Body: flagstest.Fixture(t, "strategy_update.json")},
		Ignored:    []changestest.Delivery{{Body: flagstest.Fixture(t, "created.json")}, {Body: `{"type":"segment-updated"}`}},
		Volatile:   []string{"User-Agent"}, At: at, Environment: "production",
	})
}

func TestStrategyUpdate(t *testing.T) {
	want := sources.Event{
		Source: "flags", EventID: "unleash:24/production", ChangeID: "unleash:24/production", Status: sources.Succeeded, At: at, Sequence: 24,
		Service: "cart", Environment: "production", Kind: sources.Flag, Labels: map[string]string{"project": "default"}, Group: "fast-cart", Version: "50%", Previous: "25%", Actor: "ada",
	}
	s, event := flagstest.Open(t, New, flags.Config{}), flagstest.Fixture(t, "strategy_update.json")
	flagstest.Equal(t, s, nil, event, want)
	// As Unleash renders {"event": {{{eventJson}}}}.
	quoted, _ := json.Marshal(event)
	flagstest.Equal(t, s, nil, `{"event": `+string(quoted)+`, "more": 1}`, want)
	flagstest.Equal(t, s, nil, `{"event": `+event+`}`, want)
}

func TestStates(t *testing.T) {
	s, update := flagstest.Open(t, New, flags.Config{}), flagstest.Fixture(t, "strategy_update.json")
	on := flagstest.Fixture(t, "enabled.json")
	f := func(name, body, before, now string) { t.Helper(); flagstest.Versions(t, s, name, body, before, now) }
	as := func(kind string) string { return flagstest.Replaced(t, update, "feature-strategy-update", kind) }
	f("enabled", on, "off", "on")
	f("disabled", flagstest.Replaced(t, on, "environment-enabled", "environment-disabled"), "on", "off")
	f("added", flagstest.Replaced(t, as("feature-strategy-add"), `"preData": {`, `"preData": null, "x": {`), "", "50%")
	f("removed", flagstest.Replaced(t, as("feature-strategy-remove"), `"data": {`, `"data": null, "x": {`), "25%", "strategy removed")
	f("strategy disabled", flagstest.Replaced(t, update, `"disabled": false`, `"disabled": true`), "25%", "strategy disabled")
	f("another kind of strategy", flagstest.Replaced(t, update, `"name": "flexibleRollout"`, `"name": "remoteAddress"`), "25%", "on")
	f("a share that is none", flagstest.Replaced(t, update, `"rollout": "50"`, `"rollout": "500"`), "25%", "on")
}

func TestRefusals(t *testing.T) {
	s, on := flagstest.Open(t, New, flags.Config{}), flagstest.Fixture(t, "enabled.json")
	flagstest.Refused(t, s, "archived", flagstest.Replaced(t, on, "feature-environment-enabled", "feature-archived"), "")
	flagstest.Refused(t, s, "no type", `{"id":1}`, "type is missing")
	flagstest.Refused(t, s, "a template without an id", `{"type":"feature-environment-enabled","environment":"production"}`, "{{{eventJson}}}")
	flagstest.Refused(t, s, "the example of Unleash", `{"event":"feature-environment-enabled","createdBy":"ada","json":"{}"}`, "{{{eventJson}}}")
	flagstest.Refused(t, s, "a number for an event", `{"event":7}`, "{{{eventJson}}}")
	flagstest.Refused(t, s, "a key twice within the quotes", `{"event":"{\"id\":1,\"id\":2}"}`, "appears twice")
}

func FuzzParse(f *testing.F) {
	flagstest.Fuzz(f, New, http.Header{}, flagstest.Fixture(f, "strategy_update.json"), flagstest.Fixture(f, "enabled.json"), `{"event":"{}"}`)
}
