package flagger

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

const succeeded = `{
  "name": "cart", "namespace": "shop", "phase": "Succeeded", "checksum": "85d557f47b", "type": "event",
  "metadata": {"eventMessage": "Promotion completed! Scaling down cart.shop", "eventType": "Normal", "timestamp": "1772366520000", "environment": "prod"}
}`

func progressing() string {
	return strings.NewReplacer("Succeeded", "Progressing", "1772366520000", "1772366400000").Replace(succeeded)
}

func settings(c changestest.Config) webhook.TokenConfig {
	return webhook.TokenConfig{Config: webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}}
}

// address is the signature of a tool that knows only an address: basic authentication.
var address = changestest.Signature{Name: "password of the address", Sign: func(secret string, _ []byte, _ time.Time) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("pushback:"+secret))}}
}}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, Config{settings(c)})
		},
		Signatures: []changestest.Signature{address, changestest.Token("Authorization")},
		Started:    changestest.Delivery{Body: progressing()},
		Succeeded:  changestest.Delivery{Body: succeeded},
		Ignored:    []changestest.Delivery{{Body: strings.Replace(succeeded, "Succeeded", "Promoting", 1)}, {Body: strings.Replace(succeeded, "Succeeded", "Initialized", 1)}},
		At:         time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC), Environment: "prod",
	})
}

func source(t testing.TB) changes.Source {
	t.Helper()
	s, err := New(changes.Options{Name: "flagger"}, Config{settings(changestest.Config{Insecure: true})})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVersions(t *testing.T) {
	f := func(metadata, version, previous string) {
		t.Helper()
		got, err := source(t).Parse(nil, []byte(strings.Replace(succeeded, `"environment"`, metadata+`"environment"`, 1)))
		if err != nil || got[0].Version != version || got[0].Previous != previous {
			t.Errorf("%s: %+v, %v", metadata, got, err)
		}
	}
	f("", "85d557f47b", "")
	f(`"version": "v42", "lastAppliedSpec": "77", "lastPromotedSpec": "66", `, "v42", "")
	f(`"lastAppliedSpec": "77", "lastPromotedSpec": "66", `, "77", "66")
	f(`"lastAppliedSpec": "77", "lastPromotedSpec": "77", `, "77", "")
}

// Flagger tells every step of a canary in the phase Progressing.
func TestStepsAreOneStart(t *testing.T) {
	first, errA := source(t).Parse(nil, []byte(progressing()))
	step, errB := source(t).Parse(nil, []byte(strings.Replace(progressing(), "1772366400000", "1772366460000", 1)))
	if errA != nil || errB != nil || first[0].EventID != step[0].EventID || first[0].Status != sources.Started {
		t.Errorf("%+v, %v; %+v, %v", first, errA, step, errB)
	}
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f), changestest.Delivery{Body: succeeded})
}
