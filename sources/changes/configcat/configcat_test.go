package configcat

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/flags/flagstest"
)

// sent are the headers of a delivery beside its signature.
func sent(id string) http.Header {
	h := http.Header{}
	h.Set("X-ConfigCat-Webhook-ID", id)
	h.Set("X-ConfigCat-Webhook-Timestamp", strconv.FormatInt(flagstest.Noon.Unix(), 10))
	return h
}

func sign(secret string, body []byte, at time.Time) http.Header {
	h := sent("b6")
	h.Set("X-ConfigCat-Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("b6" + h.Get("X-ConfigCat-Webhook-Timestamp") + string(body)))
	h.Set("X-ConfigCat-Webhook-Signature-V1", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return h
}

func TestContract(t *testing.T) {
	flagstest.Contract(t, New, changestest.Subject{
		Signatures: []changestest.Signature{{Name: "ConfigCat", Sign: sign, Body: true, Timed: true}},
		Succeeded:  changestest.Delivery{Header: sent("b6"), Body: flagstest.Fixture(t, "changed.json")},
		Ignored:    []changestest.Delivery{{Header: sent("b6"), Body: `{"changes":[]}`}},
		Volatile:   []string{"User-Agent"}, At: flagstest.Noon, Environment: "Production",
	})
}

func TestChanged(t *testing.T) {
	want := func(key, version, previous string) sources.Event {
		id := "configcat:" + flags.Fingerprint("b6", key) + "/Production"
		return sources.Event{
			Source: "flags", EventID: id, ChangeID: id, Status: sources.Succeeded, At: flagstest.Noon, Service: "shop", Environment: "Production",
			Kind: sources.Flag, Labels: map[string]string{"project": "shop"}, Group: key, Version: version, Previous: previous, URL: "https://app.configcat.com/shop",
		}
	}
	s, on := flagstest.Open(t, New, flags.Config{}), want("fastCart", "on", "off")
	on.Actor = "Ada (ada@example.org)"
	flagstest.Equal(t, s, sent("b6"), flagstest.Fixture(t, "changed.json"), on)
	flagstest.Equal(t, s, sent("b6"), flagstest.Fixture(t, "quoted.json"), want("fastCart", "2", "1"), want("slowCart", "off", ""))
}

func TestDetails(t *testing.T) {
	s := flagstest.Open(t, New, flags.Config{Service: "cart"})
	f := func(name, event, details, before, now string) {
		t.Helper()
		body := `{"environment":"p","changes":[{"settingKey":"f","event":"` + event + `","details":` + strconv.Quote(details) + `}]}`
		got, err := s.Parse(sent("1"), []byte(body))
		if err != nil || len(got) != 1 || got[0].Previous != before || got[0].Version != now {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	f("off", "changed", "f: true ➔ false", "on", "off")
	f("a value", "changed", "\r\nf: blue ➔ green", "blue", "green")
	rules := "f: true ➔ false\nIF Email IS ONE OF [a] THEN true"
	f("rules along with it", "changed", rules, "", "#"+flags.Fingerprint("changed", rules))
	f("of another key", "changed", "g: true ➔ false", "", "#"+flags.Fingerprint("changed", "g: true ➔ false"))
	f("added", "added", "f: true", "", "#"+flags.Fingerprint("added", "f: true"))
}

func TestRefusals(t *testing.T) {
	s, changed := flagstest.Open(t, New, flags.Config{}), flagstest.Fixture(t, "changed.json")
	flagstest.Refused(t, s, "no headers", changed, "X-ConfigCat-Webhook-ID")
	flagstest.Refused(t, s, "no body template", `{"value1":"shop"}`, `write "changes": ##ChangeDetails##`)
	flagstest.Refused(t, s, "a template that was not filled", `{"changes":"##ChangeDetails##"}`, "##ChangeDetails##")
	flagstest.Refused(t, s, "too many", `{"changes":[`+strings.Repeat(`{},`, 201)+`{}]}`, "more than 200")
	if _, err := s.Parse(sent("1"), []byte(`{"changes":[{"event":"changed"}]}`)); err == nil || !strings.Contains(err.Error(), "settingKey") {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	flagstest.Fuzz(f, New, sent("b6"), flagstest.Fixture(f, "changed.json"), flagstest.Fixture(f, "quoted.json"))
}
