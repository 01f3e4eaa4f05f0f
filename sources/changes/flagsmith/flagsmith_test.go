package flagsmith

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/flags/flagstest"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 595298000, time.UTC)

func TestContract(t *testing.T) {
	update := flagstest.Fixture(t, "flag_updated.json")
	flagstest.Contract(t, New, changestest.Subject{
		Signatures: []changestest.Signature{flagstest.Hex("X-Flagsmith-Signature")},
		Succeeded:  changestest.Delivery{Body: update},
		Ignored: []changestest.Delivery{
			{Body: flagstest.Fixture(t, "audit_log.json")},
			{Body: strings.Replace(update, `"identity_identifier": null`, `"identity_identifier": "customer-7"`, 1)},
		},
		Volatile: []string{"User-Agent"}, At: at, Environment: "Production",
	})
}

func TestFlagUpdated(t *testing.T) {
	id := "flagsmith:" + flags.Fingerprint(7168, 23, "", at, "FLAG_UPDATED") + "/Production"
	flagstest.Equal(t, flagstest.Open(t, New, flags.Config{}), nil, flagstest.Fixture(t, "flag_updated.json"), sources.Event{
		Source: "flags", EventID: id, ChangeID: id, Status: sources.Succeeded, At: at, Service: "shop", Environment: "Production",
		Kind: sources.Flag, Labels: map[string]string{"project": "shop"}, Group: "fast_cart", Version: "on", Previous: "off", Actor: "ada@example.org",
	})
}

func TestStates(t *testing.T) {
	s, update := flagstest.Open(t, New, flags.Config{}), flagstest.Fixture(t, "flag_updated.json")
	f := func(name, body, before, now string) { t.Helper(); flagstest.Versions(t, s, name, body, before, now) }
	both := flagstest.Replaced(t, update, `"enabled": false`, `"enabled": true`)
	flagstest.Refused(t, s, "the same state", both, "")
	value := flagstest.Replaced(t, both, `"feature_state_value": "blue"`, `"feature_state_value": "green"`)
	got, err := s.Parse(nil, []byte(value))
	if err != nil || len(got) != 1 || !strings.HasPrefix(got[0].Version, "on #") || got[0].Version == got[0].Previous || strings.Contains(got[0].Version, "green") {
		t.Errorf("another value: %+v, %v", got, err)
	}
	split := `"multivariate_feature_state_values": [{"multivariate_feature_option": {"value": "a"}, "percentage_allocation": 12.5}]`
	f("a variant's share", flagstest.Replaced(t, both, `"multivariate_feature_state_values": []`, split), "on", "12.5%")
	segment := strings.ReplaceAll(update, `"feature_segment": null`, `"feature_segment": {"segment": {"id": 4, "name": "beta"}}`)
	f("a segment", segment, "segment beta: off", "segment beta: on")
	f("deleted", flagstest.Replaced(t, both, "FLAG_UPDATED", "FLAG_DELETED"), "on", "off")
	flagstest.Refused(t, s, "another event", flagstest.Replaced(t, update, "FLAG_UPDATED", "NEW_VERSION_PUBLISHED"), "")
	flagstest.Refused(t, s, "no state", `{"event_type":"FLAG_UPDATED","data":{}}`, "new_state is missing")
	flagstest.Refused(t, s, "deleted, of no state", `{"event_type":"FLAG_DELETED","data":{}}`, "previous_state is missing")
	flagstest.Refused(t, s, "no id", flagstest.Replaced(t, update, "7168", "0"), "feature.id")
}

func TestRealSample(t *testing.T) {
	text, err := os.ReadFile("../../../../shared/payloads/flagsmith/environment_flag_updated.json")
	if err != nil {
		t.Skip("the samples of ../shared are not here")
	}
	flagstest.Versions(t, flagstest.Open(t, New, flags.Config{}), "Flagsmith's own", string(text), "off", "50%")
}

func FuzzParse(f *testing.F) {
	flagstest.Fuzz(f, New, http.Header{}, flagstest.Fixture(f, "flag_updated.json"), flagstest.Fixture(f, "audit_log.json"))
}
