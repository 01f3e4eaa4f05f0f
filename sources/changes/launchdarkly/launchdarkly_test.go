package launchdarkly

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/flags/flagstest"
)

func TestContract(t *testing.T) {
	on := flagstest.Fixture(t, "turned_on.json")
	flagstest.Contract(t, New, changestest.Subject{
		Signatures: []changestest.Signature{flagstest.Hex("X-LD-Signature")},
		Succeeded:  changestest.Delivery{Body: on},
		Ignored: []changestest.Delivery{
			{Body: flagstest.Fixture(t, "segment.json")},
			{Body: `{"kind":"member","_id":"1"}`},
		},
		Volatile: []string{"User-Agent"}, At: flagstest.Noon, Environment: "production",
	})
}

func TestTurnedOn(t *testing.T) {
	flagstest.Equal(t, flagstest.Open(t, New, flags.Config{}), http.Header{}, flagstest.Fixture(t, "turned_on.json"), sources.Event{
		Source: "flags", EventID: "launchdarkly:69a42f40c0ffee0123456789/production", ChangeID: "launchdarkly:69a42f40c0ffee0123456789/production",
		Status: sources.Succeeded, At: flagstest.Noon, Service: "cart", Environment: "production", Kind: sources.Flag, Labels: map[string]string{"project": "shop"}, Group: "fast-cart",
		Version: "10%", Previous: "off", Actor: "ada@example.org", URL: "https://app.launchdarkly.com/shop/production/features/fast-cart",
	})
}

func TestStates(t *testing.T) {
	s, on := flagstest.Open(t, New, flags.Config{}), flagstest.Fixture(t, "turned_on.json")
	was := strings.Replace(on, `"on": false`, `"on": true`, 1) // on before as well
	last := func(text, old, now string) string {
		t.Helper()
		i := strings.LastIndex(text, old)
		if i < 0 {
			t.Fatalf("there is no %s", old)
		}
		return text[:i] + now + text[i+len(old):]
	}
	f := func(name, body, before, now string) { t.Helper(); flagstest.Versions(t, s, name, body, before, now) }
	f("ramp", last(last(was, `"weight": 10000`, `"weight": 50000`), `"weight": 90000`, `"weight": 50000`), "10%", "50%")
	f("a third of a percent", last(was, `"weight": 10000`, `"weight": 333`), "10%", "0.333%")
	f("no event for what is the same", last(on, `"on": false`, `"on": false`), "off", "10%")
	flagstest.Refused(t, s, "same before and after", was, "")
	rules := last(was, `"rules": []`, `"rules": [{"clauses": []}]`) // of staging, which no action names
	flagstest.Refused(t, s, "rules of another environment", rules, "")
	var e map[string]any
	if err := json.Unmarshal([]byte(was), &e); err != nil {
		t.Fatal(err)
	}
	production := e["currentVersion"].(map[string]any)["environments"].(map[string]any)["production"].(map[string]any)
	parsed := func() []sources.Event {
		text, _ := json.Marshal(e)
		got, err := s.Parse(nil, text)
		if err != nil || len(got) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		return got
	}
	production["rules"] = []any{map[string]any{"id": "r"}}
	if e := parsed()[0]; !strings.HasPrefix(e.Version, "10% #") || !strings.HasPrefix(e.Previous, "10% #") || e.Version == e.Previous {
		t.Errorf("other rules at the same share: %q to %q", e.Previous, e.Version)
	}
	production["fallthrough"] = map[string]any{"variation": 0}
	if e := parsed()[0]; e.Version != "new" || e.Previous != "10%" {
		t.Errorf("one variation for all: %q to %q", e.Previous, e.Version)
	}
	e["currentVersion"].(map[string]any)["archived"] = true
	if e := parsed()[0]; e.Version != "off" {
		t.Errorf("archived: %q", e.Version)
	}
}

// An entry without the flag says what was done, and no more.
func TestEntriesWithoutTheFlag(t *testing.T) {
	s := flagstest.Open(t, New, flags.Config{})
	entry := func(verb, action string) string {
		return `{"_id":"69a4","date":1772366400000,"kind":"flag","titleVerb":"` + verb + `","accesses":[{"action":"` + action + `","resource":"proj/shop:env/production:flag/fast-cart"}]}`
	}
	flagstest.Versions(t, s, "on", entry("turned on the flag", "updateOn"), "off", "on")
	flagstest.Versions(t, s, "off", entry("turned off the flag", "updateOn"), "on", "off")
	flagstest.Versions(t, s, "rules", entry("updated the flag", "updateRules"), "", "revision 69a4")
	flagstest.Versions(t, s, "an action to come", entry("did something", "updateSomethingNew"), "", "revision 69a4")
	flagstest.Refused(t, s, "a tag", entry("updated the flag", "updateTags"), "")
	flagstest.Refused(t, s, "no id", flagstest.Replaced(t, entry("updated the flag", "updateRules"), `"69a4"`, `""`), "_id is missing")
	flagstest.Refused(t, s, "no kind", `{"_id":"1"}`, "kind is missing")
	flagstest.Refused(t, s, "no time", flagstest.Replaced(t, entry("turned on the flag", "updateOn"), "1772366400000", "0"), "time of the change")
	many := []string{}
	for i := range 101 {
		many = append(many, `{"action":"updateOn","resource":"proj/a:env/e`+strings.Repeat("x", i)+`:flag/f"}`)
	}
	flagstest.Refused(t, s, "too many environments", `{"_id":"1","date":1,"kind":"flag","accesses":[`+strings.Join(many, ",")+`]}`, "more than 100")
}

// TestRealSample reads the samples of LaunchDarkly's integration framework. They are contexts of
// templates, which hold neither date nor accesses, so that they are entries without a place.
func TestRealSample(t *testing.T) {
	files, _ := os.ReadDir("../../../../shared/payloads/launchdarkly")
	if len(files) == 0 {
		t.Skip("the samples of ../shared are not here")
	}
	s := flagstest.Open(t, New, flags.Config{})
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".json") {
			text, _ := os.ReadFile("../../../../shared/payloads/launchdarkly/" + file.Name())
			flagstest.Refused(t, s, file.Name(), string(text), "")
		}
	}
}

func FuzzParse(f *testing.F) {
	flagstest.Fuzz(f, New, http.Header{}, flagstest.Fixture(f, "turned_on.json"), flagstest.Fixture(f, "segment.json"))
}
