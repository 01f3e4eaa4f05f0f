package growthbook

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/flags/flagstest"
)

func TestContract(t *testing.T) {
	flagstest.Contract(t, New, changestest.Subject{
		Signatures: []changestest.Signature{flagstest.Hex("X-GrowthBook-Signature")},
		Succeeded:  changestest.Delivery{Body: flagstest.Fixture(t, "feature_updated.json")},
		Ignored:    []changestest.Delivery{{Body: flagstest.Fixture(t, "revision_published.json")}, {Body: `{"event":"experiment.warning"}`}},
		Volatile:   []string{"User-Agent"}, At: flagstest.Noon, Environment: "production",
	})
}

func TestFeatureUpdated(t *testing.T) {
	id := "growthbook:" + flags.Fingerprint("feature.updated", "fast-cart", 12, 1772366400000) + "/production"
	flagstest.Equal(t, flagstest.Open(t, New, flags.Config{}), nil, flagstest.Fixture(t, "feature_updated.json"), sources.Event{
		Source: "flags", EventID: id, ChangeID: id, Status: sources.Succeeded, At: flagstest.Noon, Sequence: 12, Service: "cart", Environment: "production",
		Kind: sources.Flag, Labels: map[string]string{"project": "shop"}, Group: "fast-cart", Version: "50%", Previous: "10%", Actor: "ada@example.org",
	})
}

func TestStates(t *testing.T) {
	s, update := flagstest.Open(t, New, flags.Config{}), flagstest.Fixture(t, "feature_updated.json")
	f := func(name, body, before, now string) { t.Helper(); flagstest.Versions(t, s, name, body, before, now) }
	as := func(event string) string { return flagstest.Replaced(t, update, "feature.updated", event) }
	f("rule disabled", flagstest.Replaced(t, update, `"id": "fr_1",
              "enabled": true`, `"id": "fr_1",
              "enabled": false`), "10%", "on")
	off := flagstest.Replaced(t, update, `"production": {
          "enabled": true`, `"production": {
          "enabled": false`)
	f("turned off", off, "10%", "off")
	f("archived", flagstest.Replaced(t, flagstest.Replaced(t, update, `"archived": false`, `"archived": true`), `"previous_attributes": {`, `"previous_attributes": {"archived": false,`), "10%", "off")
	f("created", as("feature.created"), "", "50%")
	f("deleted", as("feature.deleted"), "50%", "off")
	flagstest.Refused(t, s, "no environment", strings.Replace(update, `"environments": [
    "production"
  ]`, `"environments": []`, 1), "")
	flagstest.Refused(t, s, "advice", as("feature.saferollout.rollback"), "")
	flagstest.Refused(t, s, "a ramp, of which feature.updated tells", as("feature.rampSchedule.actions.step.advanced"), "")
	flagstest.Refused(t, s, "no event", `{"data":{}}`, "event is missing")
	flagstest.Refused(t, s, "no feature", `{"event":"feature.updated","environments":["a"]}`, "data.object.id")
	many := `"environments": [` + strings.Repeat(`"a",`, 101) + `"b"]`
	flagstest.Refused(t, s, "too many environments", `{"event":"feature.updated","data":{"object":{"id":"a"}},`+many+`}`, "more than 100")
}

func TestOtherRulesAtTheSameShare(t *testing.T) {
	update := flagstest.Fixture(t, "feature_updated.json")
	body := strings.ReplaceAll(strings.Replace(update, `"condition": ""`, `"condition": "{\"country\":\"DE\"}"`, 1), `"coverage": 0.1`, `"coverage": 0.5`)
	got, err := flagstest.Open(t, New, flags.Config{}).Parse(nil, []byte(body))
	if err != nil || len(got) != 1 || !strings.HasPrefix(got[0].Version, "50% #") || got[0].Version == got[0].Previous {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	flagstest.Fuzz(f, New, http.Header{}, flagstest.Fixture(f, "feature_updated.json"), flagstest.Fixture(f, "revision_published.json"))
}
