package mapped

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// full is a mapping with every key.
var full = Map{
	Service: ".app", Version: ".build.sha", Environment: ".stage", Region: ".region", Status: ".state", At: ".finished", ChangeID: ".id", Sequence: ".seq",
	Previous: ".before", RollbackOf: ".undoes", Reversible: ".reversible", Actor: ".by", URL: ".link", Riders: "[.commits[].author]", When: `select(.event == "deploy")`,
	Labels: Labels{Single: map[string]string{"branch": `.ref | ltrimstr("refs/heads/")`}},
}

var words = map[string]string{"RUNNING": "started", "SUCCESS": "succeeded", "FAILURE": "failed", "QUEUED": "ignore"}

const delivery = `{"event":"deploy","id":17,"app":"cart","stage":"live","region":"eu","state":"SUCCESS","finished":"2026-03-01T12:00:00Z","seq":3,"before":"v1",
	"undoes":null,"reversible":false,"by":"ada","link":"https://ci.example/17","ref":"refs/heads/main","build":{"sha":"v2"},"commits":[{"author":"ada"},{"author":"bob"},{"author":"ada"}]}`

func TestContract(t *testing.T) {
	always := full
	always.When = "" // else an empty body is one that reports no change
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, Config{
				SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope, Map: always, Statuses: words, Sign: Sign{Scheme: "hmac", Header: "X-Sum", Prefix: "sha256="},
			})
		},
		Signatures: []changestest.Signature{{Name: "HMAC", Body: true, Sign: func(secret string, body []byte, _ time.Time) http.Header {
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write(body)
			return http.Header{"X-Sum": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
		}}},
		Started:   changestest.Delivery{Body: strings.Replace(delivery, "SUCCESS", "RUNNING", 1)},
		Succeeded: changestest.Delivery{Body: delivery},
		Ignored:   []changestest.Delivery{{Body: strings.Replace(delivery, "SUCCESS", "QUEUED", 1)}},
		At:        noon, Environment: "live",
	})
}

func TestIgnored(t *testing.T) {
	s := made(t, Config{Map: full, Statuses: words})
	for _, body := range []string{"{}", strings.Replace(delivery, `"deploy"`, `"ping"`, 1), strings.Replace(delivery, "SUCCESS", "QUEUED", 1)} {
		if events, err := s.Parse(nil, []byte(body)); events != nil || !errors.Is(err, changes.ErrIgnored) {
			t.Errorf("%.40s: %v, %v; want ErrIgnored", body, events, err)
		}
	}
}

// made is a source without a secret.
func made(t testing.TB, c Config) *Source {
	t.Helper()
	c.Insecure = true
	s, err := New(changes.Options{Name: "tool"}, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEvent(t *testing.T) {
	got, err := made(t, Config{Map: full, Statuses: words}).Parse(nil, []byte(delivery))
	reversible := false
	want := []sources.Event{{
		Source: "tool", EventID: "cart/live/eu/deploy/17:succeeded", ChangeID: "17", Status: sources.Succeeded, At: noon, Sequence: 3,
		Service: "cart", Environment: "live", Region: "eu", Kind: sources.Deploy, Version: "v2", Previous: "v1", Riders: []string{"ada", "bob"},
		Reversible: &reversible, Actor: "ada", URL: "https://ci.example/17", Labels: map[string]string{"branch": "main"},
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v\nwant %+v", got, err, want)
	}
}

func TestSeveralEvents(t *testing.T) {
	s := made(t, Config{Map: Map{Each: ".deploys", Service: ".app", Version: ".v", At: "$body.at", ChangeID: `"\($body.id)-\(.app)"`, When: `.kind != "job"`}})
	got, err := s.Parse(nil, []byte(`{"id":7,"at":1772366400,"deploys":[{"app":"a","v":"1"},{"app":"b","v":"2"},{"app":"c","v":"3","kind":"job"}]}`))
	if err != nil || len(got) != 2 || got[0].ChangeID != "7-a" || got[1].Service != "b" || !got[1].At.Equal(noon) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, none := range []string{`{"deploys":[]}`, `{"deploys":null}`, `{}`} {
		if _, err := s.Parse(nil, []byte(none)); !errors.Is(err, changes.ErrIgnored) {
			t.Errorf("%s: %v, want ErrIgnored", none, err)
		}
	}
	// All or none.
	got, err = s.Parse(nil, []byte(`{"id":7,"at":1772366400,"deploys":[{"app":"a","v":"1"},{"v":"2"}]}`))
	if got != nil || err == nil || !strings.Contains(err.Error(), "map.service of change 2 gives nothing") {
		t.Errorf("%v, %v", got, err)
	}
	many := `{"id":7,"at":1772366400,"deploys":[` + strings.TrimSuffix(strings.Repeat(`{"app":"a","v":"1"},`, MaxEvents+1), ",") + `]}`
	if _, err := s.Parse(nil, []byte(many)); err == nil || !strings.Contains(err.Error(), "more than 100 changes") {
		t.Error(err)
	}
}

func TestTimes(t *testing.T) {
	f := func(form, zone, value, want string) {
		t.Helper()
		s := made(t, Config{Map: Map{Service: `"cart"`, Version: `"v"`, At: ".at"}, Times: form, TimeZone: zone})
		got, err := s.Parse(nil, []byte(`{"at":`+value+`}`))
		if strings.HasPrefix(want, "2026-") {
			if err != nil || got[0].At.Format(time.RFC3339Nano) != want {
				t.Errorf("%s %s: %v, %v; want %s", form, value, got, err, want)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s %s: %v, want %q", form, value, err, want)
		}
	}
	f("", "", `"2026-03-01T12:00:00Z"`, "2026-03-01T12:00:00Z")
	f("", "", `"2026-03-01T13:00:00+01:00"`, "2026-03-01T12:00:00Z")
	f("", "", `"2026-03-01T13:00:00.5+0100"`, "2026-03-01T12:00:00.5Z")
	f("", "", `"2026-03-01 12:00:00 UTC"`, "2026-03-01T12:00:00Z")
	f("", "", `1772366400`, "2026-03-01T12:00:00Z")
	f("", "", `1772366400.25`, "2026-03-01T12:00:00.25Z")
	f("", "", `1772366400123`, "2026-03-01T12:00:00.123Z")
	f("", "", `1772366400123456`, "2026-03-01T12:00:00.123456Z")
	f("", "", `1772366400123456789`, "2026-03-01T12:00:00.123457Z")
	f("seconds", "", `"1772366400"`, "2026-03-01T12:00:00Z")
	f("milliseconds", "", `1772366400000`, "2026-03-01T12:00:00Z")
	f("2006-01-02 15:04:05", "Europe/Berlin", `"2026-03-01 13:00:00"`, "2026-03-01T12:00:00Z")
	f("", "", `"hunter2"`, "map.at is no RFC 3339 time")
	f("", "", `"1772366400"`, "map.at is no RFC 3339 time")
	f("rfc3339", "", `1772366400`, "map.at is no text")
	f("seconds", "", `"hunter2"`, "map.at is no number")
	f("seconds", "", `1e300`, "map.at is no time")
	f("2006-01-02 15:04:05", "", `"hunter2"`, "map.at has another form")
	f("", "", `null`, "map.at gives nothing")
	f("", "", `{}`, "map.at is no text")
}

func TestArrival(t *testing.T) {
	s := made(t, Config{Map: Map{Service: ".app", Version: ".v"}, Times: "arrival"})
	first, err := s.Parse(nil, []byte(`{"app":"a","v":"1","n":1}`))
	again, _ := s.Parse(nil, []byte(`{"n":1,"v":"1","app":"a"}`))
	other, _ := s.Parse(nil, []byte(`{"app":"a","v":"1","n":2}`))
	if err != nil || first[0].EventID != again[0].EventID || first[0].EventID == other[0].EventID || first[0].At.IsZero() {
		t.Errorf("%+v, %+v, %+v, %v", first, again, other, err)
	}
}

func TestRefusals(t *testing.T) {
	f := func(edit func(*Config), body, want string) {
		t.Helper()
		c := Config{Map: full, Statuses: words}
		edit(&c)
		_, err := made(t, c).Parse(nil, []byte(body))
		bad := (*sources.BadEvent)(nil)
		if !errors.As(err, &bad) || !strings.Contains(bad.Reason, want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	none := func(*Config) {}
	f(none, strings.Replace(delivery, `"app":"cart",`, "", 1), "map.service gives nothing")
	f(none, strings.Replace(delivery, `"cart"`, `{"name":"cart"}`, 1), "map.service gives an object")
	f(none, strings.Replace(delivery, `"cart"`, `["cart"]`, 1), "map.service gives a list")
	f(none, strings.Replace(delivery, `{"sha":"v2"}`, `"v2"`, 1), "map.version cannot be read: expected an object but got string")
	f(none, strings.Replace(delivery, "SUCCESS", "EXPLODED", 1), "map.status gives a word that is none of")
	f(none, strings.Replace(delivery, `"SUCCESS"`, "null", 1), "map.status gives nothing")
	f(none, strings.Replace(strings.Replace(delivery, `"id":17,`, "", 1), "SUCCESS", "RUNNING", 1), "map.change_id gives nothing, and a started change needs one")
	f(none, strings.Replace(delivery, `"seq":3`, `"seq":"x"`, 1), "map.sequence gives no whole number")
	f(none, strings.Replace(delivery, `"reversible":false`, `"reversible":"x"`, 1), "map.reversible gives neither")
	f(func(c *Config) { c.Map.Actor = ".commits[].author" }, delivery, "map.actor gives 3 values")
	f(func(c *Config) { c.Map.Labels = Labels{All: ".app"} }, delivery, "map.labels gives no object")
	f(func(c *Config) { c.Map.When = "range(1e12)" }, delivery, "map.when cannot be read: the expression gives more than")
	f(func(c *Config) { c.Map.Each = "[range(1e12)]" }, delivery, "map.each: the expression takes more than")
	f(func(c *Config) { c.Map.Riders = ".commits" }, delivery, "map.riders gives something else")
}

func TestSettings(t *testing.T) {
	f := func(edit func(*Config), wants ...string) {
		t.Helper()
		c := Config{Map: Map{Service: ".a", Version: ".v", At: ".at"}, Insecure: true}
		edit(&c)
		_, err := New(changes.Options{}, c)
		for _, want := range wants {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		}
	}
	f(func(c *Config) { c.Map.Service = ".a | ]" }, `map.service: character 6 of the jq: unexpected token "]"`)
	f(func(c *Config) { c.Map.Environment = "production" }, `map.environment: character 1 of the jq`, `'"production"'`)
	f(func(c *Config) { c.Map.Service, c.Map.Version = ".[", "foo(1)" }, "map.service: ", "map.version: ")
	f(func(c *Config) { c.Map.Labels.Single = map[string]string{"x": "]"} }, "map.labels.x: character 1")
	f(func(c *Config) { c.Map = Map{} }, "map.service is missing", "map.at is missing", "map.version is missing")
	f(func(c *Config) { c.Times = "arrival" }, "take out either")
	f(func(c *Config) { c.Times = "15:04" }, "times: write rfc3339")
	f(func(c *Config) { c.Times = "iso" }, "times: write rfc3339")
	f(func(c *Config) { c.TimeZone = "Mars/Olympus" }, "time_zone: there is no such")
	f(func(c *Config) { c.Statuses = map[string]string{"X": "succeeded"} }, "statuses: there is no map.status")
	f(func(c *Config) { c.Map.Status, c.Statuses = ".s", map[string]string{"X": "done"} }, "statuses.X: write started")
	f(func(c *Config) { c.Sign.Scheme = "hmca" }, "sign.scheme: there is no such scheme: did you mean hmac?")
	f(func(c *Config) { c.Sign.Scheme = "hmac" }, "sign.header is missing")
	f(func(c *Config) { c.Sign = Sign{Scheme: "token", Prefix: "x"} }, "sign.prefix: only the scheme hmac")
	f(func(c *Config) { c.Sign = Sign{Scheme: "standard", Header: "x"} }, "sign.header: the scheme standard has headers")
	flags := Config{Map: Map{Service: ".a", At: ".at"}, Insecure: true, Scope: changes.Scope{Kind: sources.Flag}}
	if _, err := New(changes.Options{}, flags); err != nil {
		t.Errorf("a flag needs no version: %v", err)
	}
}

func TestExplain(t *testing.T) {
	origins, err := made(t, Config{Map: full, Statuses: words}).Explain(nil, []byte(strings.Replace(delivery, `{"sha":"v2"}`, `"v2"`, 1)))
	if err == nil {
		t.Error("no error")
	}
	by := map[string]changes.Origin{}
	for _, o := range origins {
		by[o.Field] = o
	}
	if got := by["status"]; got.From != ".state" || got.Gave != `"SUCCESS"` || got.Value != "succeeded" {
		t.Errorf("%+v", got)
	}
	if got := by["version"]; got.Problem == "" || got.From != ".build.sha" {
		t.Errorf("%+v", got)
	}
	if got := by["labels.branch"]; got.Value != "main" { // after the mistake
		t.Errorf("%+v", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(delivery))
	f.Add([]byte(`{"app":1e400,"finished":-1e300,"commits":{"a":[]}}`))
	s := made(f, Config{Map: full, Statuses: words})
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := s.Parse(nil, body)
		if err == nil && len(events) == 0 {
			t.Fatal("neither events nor an error")
		}
		bad := (*sources.BadEvent)(nil)
		if err != nil && !errors.As(err, &bad) && !errors.Is(err, changes.ErrIgnored) {
			t.Fatal(err)
		}
		for _, e := range events {
			_, _ = sources.Admit(e, nil, noon)
		}
	})
}
