package generic

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
)

const secret = "a token of some length"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func source(t testing.TB, scope changes.Scope) *Source {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(changes.Options{Name: "ci"}, Config{SecretFiles: []string{file}, Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope})
		},
		Signatures: []changestest.Signature{
			{Name: "bearer token", Sign: bearer},
			{Name: "Standard Webhooks", Sign: standard, Body: true, Timed: true},
		},
		Started:     changestest.Delivery{Body: strings.Replace(fullEvent, "succeeded", "started", 1)},
		Succeeded:   changestest.Delivery{Body: fullEvent},
		Volatile:    []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"},
		At:          noon,
		Environment: "prod",
	})
}

// fullEvent is an event with everything in it.
const fullEvent = `{"source":"forged","change_id":"c","status":"succeeded","at":"2026-03-01T12:00:00Z","sequence":3,
	"service":"cart","environment":"prod","region":"eu","kind":"deploy","version":"v2","previous":"v1","rollback_of":"b",
	"group":"g","riders":["ada"],"reversible":false,"actor":"ada","url":"https://ci/1","labels":{"ref":"main"}}`

func bearer(secret string, _ []byte, _ time.Time) http.Header {
	return http.Header{"Authorization": {"Bearer " + secret}}
}

func standard(secret string, body []byte, at time.Time) http.Header {
	w, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	if err != nil {
		panic(err)
	}
	signed, err := w.Sign("id", at, body)
	if err != nil {
		panic(err)
	}
	h := http.Header{}
	h.Set("webhook-id", "id")
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", signed)
	return h
}

const minimalEvent = `{"service":"cart","version":"v2","at":"2026-03-01T13:00:00+01:00"}`

func TestParseFillsWhatIsLeftOut(t *testing.T) {
	got, err := source(t, changes.Scope{}).Parse(nil, []byte(minimalEvent))
	want := []sources.Event{{
		Source: "ci", EventID: "cart/production//deploy/v2/2026-03-01T12:00:00Z:succeeded",
		ChangeID: "cart/production//deploy/v2/2026-03-01T12:00:00Z", Status: sources.Succeeded, At: noon,
		Service: "cart", Environment: "production", Kind: sources.Deploy, Version: "v2",
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v; want %+v", got, err, want)
	}
}

// One run of a pipeline may deploy two services, or one to two places.
func TestEventsOfOneRunDiffer(t *testing.T) {
	s, seen := source(t, changes.Scope{}), map[string]bool{}
	for _, where := range []string{`"service":"cart"`, `"service":"search"`, `"service":"cart","environment":"staging"`, `"service":"cart","region":"eu"`, `"service":"cart","kind":"config"`} {
		got, err := s.Parse(nil, []byte(`{"change_id":"run-7","version":"v2","at":"2026-03-01T12:00:00Z",`+where+`}`))
		if err != nil || got[0].ChangeID != "run-7" || seen[got[0].EventID] {
			t.Fatalf("%s: %+v, %v", where, got, err)
		}
		seen[got[0].EventID] = true
	}
}

func TestParseKeepsWhatIsSaid(t *testing.T) {
	body := `{"source":"forged","event_id":"e","change_id":"c","status":"started","at":"2026-03-01T12:00:00Z","sequence":3,
		"service":"cart","environment":"prod","region":"eu","kind":"flag","version":"v2","previous":"v1","rollback_of":"b",
		"group":"g","riders":["ada"],"reversible":false,"actor":"ada","url":"https://ci/1","labels":{"ref":"main"}}`
	got, err := source(t, changes.Scope{Environments: map[string]string{"prod": "production"}, Kind: sources.Config}).Parse(nil, []byte(body))
	no := false
	want := []sources.Event{{
		Source: "ci", EventID: "e", ChangeID: "c", Status: sources.Started, At: noon, Sequence: 3,
		Service: "cart", Environment: "production", Region: "eu", Kind: sources.Flag, Version: "v2", Previous: "v1",
		RollbackOf: "b", Group: "g", Riders: []string{"ada"}, Reversible: &no, Actor: "ada",
		URL: "https://ci/1", Labels: map[string]string{"ref": "main"},
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v; want %+v", got, err, want)
	}
}

func TestParseRefuses(t *testing.T) {
	s := source(t, changes.Scope{})
	f := func(name, body, want string) {
		t.Helper()
		_, err := s.Parse(nil, []byte(body))
		bad := (*sources.BadEvent)(nil)
		if !errors.As(err, &bad) || !strings.Contains(bad.Reason, want) || strings.Contains(bad.Reason, "\n") {
			t.Errorf("%s: %v, want a BadEvent with %q", name, err, want)
		}
	}
	without := func(field string) string { return strings.Replace(minimalEvent, `"`+field+`"`, `"actor"`, 1) }
	f("no service", without("service"), "service is missing")
	f("blank service", strings.Replace(minimalEvent, "cart", " ", 1), "service is missing")
	f("no time", `{"service":"cart","environment":"production","version":"v2"}`, "at is missing")
	f("started without change_id", strings.Replace(minimalEvent, "{", `{"status":"started",`, 1), "change_id")
	f("unknown field", strings.Replace(minimalEvent, "{", `{"servce":"x",`, 1), `unknown field "servce"`)
	f("not JSON", "service=cart", "not a JSON object")
	f("empty", "", "not a JSON object")
}

func TestVerify(t *testing.T) {
	s, body := source(t, changes.Scope{}), []byte(minimalEvent)
	f := func(name string, ok bool, pairs ...string) {
		t.Helper()
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		err := s.Verify(h, body, noon)
		if (err == nil) != ok || (!ok && !errors.Is(err, changes.ErrUnauthorized)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := w.Sign("id", noon, body)
	if err != nil {
		t.Fatal(err)
	}
	const at = "1772366400"
	f("token", true, "Authorization", "Bearer "+secret)
	f("signed", true, "webhook-id", "id", "webhook-timestamp", at, "webhook-signature", signed)
	f("nothing", false)
	f("wrong token", false, "Authorization", "Bearer x")
	f("wrongly signed beside a good token", false, "Authorization", "Bearer "+secret,
		"webhook-id", "id", "webhook-timestamp", at, "webhook-signature", "v1,AAAA")
	f("signed for another id", false, "webhook-id", "other", "webhook-timestamp", at, "webhook-signature", signed)
}

func TestInsecureTakesAnything(t *testing.T) {
	s, err := New(changes.Options{Name: "ci"}, Config{Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(http.Header{}, nil, noon); err != nil {
		t.Error(err)
	}
	if _, err := New(changes.Options{Name: "ci"}, Config{}); !errors.Is(err, changes.ErrNoSecret) {
		t.Errorf("no secret and not insecure: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimalEvent))
	f.Add([]byte(`{"status":"started","labels":{"a":"b"},"riders":[""]}`))
	f.Add([]byte(`{"at":"0001-01-01T00:00:00Z"}`))
	s := source(f, changes.Scope{Rollout: time.Minute})
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := s.Parse(nil, body)
		if err != nil {
			if !errors.As(err, new(*sources.BadEvent)) {
				t.Fatalf("%v is no BadEvent", err)
			}
			return
		}
		for _, e := range events {
			if e.Source != "ci" || e.Service == "" || e.EventID == "" || e.ChangeID == "" || e.At.IsZero() {
				t.Fatalf("incomplete: %+v", e)
			}
		}
	})
}
