package flipt

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
		Signatures: []changestest.Signature{flagstest.Hex("x-flipt-webhook-signature")},
		Succeeded:  changestest.Delivery{Body: flagstest.Fixture(t, "flag_updated.json")},
		Ignored: []changestest.Delivery{
			{Body: flagstest.Fixture(t, "segment.json")},
			{Body: strings.Replace(flagstest.Fixture(t, "flag_updated.json"), "success", "denied", 1)},
		},
		Volatile: []string{"User-Agent"}, At: flagstest.Noon, Environment: "production",
	})
}

func TestStates(t *testing.T) {
	s, update := flagstest.Open(t, New, flags.Config{}), flagstest.Fixture(t, "flag_updated.json")
	f := func(name, body, now string) { t.Helper(); flagstest.Versions(t, s, name, body, "", now) }
	f("on", update, "on")
	f("off", flagstest.Replaced(t, update, `"enabled": true`, `"enabled": false`), "off")
	f("deleted", flagstest.Replaced(t, update, `"updated"`, `"deleted"`), "off")
	rollout := `{"version":"0.2","type":"rollout","action":"updated","timestamp":"2026-03-01T12:00:00Z","payload":{"flag_key":"fast-cart","namespace_key":"production","rank":1,"threshold":{"percentage":25,"value":true}}}`
	f("a threshold", rollout, "25%")
	for name, body := range map[string]string{
		"a threshold that turns off": flagstest.Replaced(t, rollout, `"value":true`, `"value":false`),
		"a threshold that is gone":   flagstest.Replaced(t, rollout, `"updated"`, `"deleted"`),
		"a segment's rollout":        flagstest.Replaced(t, rollout, `"threshold":{"percentage":25,"value":true}`, `"segment":{"key":"beta","value":true}`),
		"a rule":                     flagstest.Replaced(t, rollout, `"rollout"`, `"rule"`),
	} {
		got, err := s.Parse(nil, []byte(body))
		if err != nil || len(got) != 1 || got[0].Group != "fast-cart" || name != "a rule" && !strings.Contains(got[0].Version, " #") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	flagstest.Refused(t, s, "read", flagstest.Replaced(t, update, `"updated"`, `"read"`), "")
	flagstest.Refused(t, s, "no type", `{"action":"updated"}`, "type or action")
	flagstest.Refused(t, s, "no payload", `{"type":"flag","action":"updated"}`, "payload is not")
}

func TestFlagUpdated(t *testing.T) {
	s, update := flagstest.Open(t, New, flags.Config{Service: "cart"}), flagstest.Fixture(t, "flag_updated.json")
	got, err := s.Parse(nil, []byte(update))
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	id := got[0].EventID
	flagstest.Equal(t, s, nil, update, sources.Event{
		Source: "flags", EventID: id, ChangeID: id, Status: sources.Succeeded, At: flagstest.Noon, Service: "cart", Environment: "production",
		Kind: sources.Flag, Labels: map[string]string{"project": "production"}, Group: "fast-cart", Version: "on", Actor: "ada@example.org",
	})
	if other, err := s.Parse(nil, []byte(flagstest.Replaced(t, update, "12:00:00", "12:00:01"))); err != nil || other[0].EventID == id {
		t.Errorf("a second later: %+v, %v", other, err)
	}
}

func FuzzParse(f *testing.F) {
	flagstest.Fuzz(f, New, http.Header{}, flagstest.Fixture(f, "flag_updated.json"), flagstest.Fixture(f, "segment.json"))
}
