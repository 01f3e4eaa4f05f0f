package changes

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

type form struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
	N    int       `json:"n"`
	In   struct {
		Flag bool `json:"flag"`
	} `json:"in"`
}

func TestDecode(t *testing.T) {
	f := func(name, body, want string) {
		t.Helper()
		var v form
		err := DecodeStrict([]byte(body), &v)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			return
		}
		bad := (*sources.BadEvent)(nil)
		if !errors.As(err, &bad) || !strings.Contains(bad.Reason, want) {
			t.Errorf("%s: %v, want a BadEvent with %q", name, err, want)
			return
		}
		if strings.ContainsAny(bad.Reason, "\n\r") || strings.Contains(bad.Reason, "hunter2") {
			t.Errorf("%s: reason %q", name, bad.Reason)
		}
	}
	f("good", `{"name":"a","at":"2026-03-01T12:00:00Z","n":1,"in":{"flag":true}} `, "")
	f("empty object", `{}`, "")
	f("unknown field", `{"nmae":"hunter2"}`, `unknown field "nmae"`)
	f("unknown field far in", `{"in":{"x":1}}`, `unknown field "x"`)
	f("long unknown field", `{"`+strings.Repeat("k", 5000)+`":1}`, "unknown field")
	f("line break in unknown field", `{"a\nb":1}`, "unknown field")
	f("wrong kind", `{"n":"hunter2"}`, "n: cannot be a JSON string")
	f("wrong kind far in", `{"in":{"flag":3}}`, "in.flag: cannot be a JSON number")
	f("too large", `{"n":1e99}`, "n: cannot be a JSON number")
	f("bad time", `{"at":"hunter2"}`, "at has no valid value: times are RFC 3339")
	f("milliseconds", `{"at":1764424772000}`, "numbers of seconds or milliseconds are not read")
	f("misspelt field", `{"nmae":"hunter2"}`, `did you mean "name"?`)
	f("another tool's field", `{"timestamp":"hunter2"}`, `did you mean "at"?`)
	f("a field of another tool that is none here", `{"sha":"hunter2"}`, "the fields are name, at, n, in")
	f("empty", ``, "not a JSON object")
	f("array", `[{}]`, "not a JSON object")
	f("null", `null`, "not a JSON object")
	f("text", `hello`, "not a JSON object")
	f("cut", `{"name":"a`, "not JSON")
	f("cut after a value", `{"in":{"flag":true}`, "cut short")
	f("two values", `{} {}`, "more than one")
	f("trailing text", `{} x`, "more than one")
	f("twice the same key", `{"name":"a","name":"b"}`, "appears twice")
	f("twice by escape", `{"name":"a","n\u0061me":"b"}`, "appears twice")
	f("no UTF-8", "{\"name\":\"\xff\"}", "not UTF-8")
	f("deep", strings.Repeat(`{"a":`, 100)+"1"+strings.Repeat("}", 100), "nested deeper")
	f("deep arrays", `{"a":`+strings.Repeat("[", 100000), "nested deeper")
}

func TestDecodeTakesForeignKeys(t *testing.T) {
	var v form
	if err := Decode([]byte(`{"name":"a","more":[{"x":[1,null]}]}`), &v); err != nil || v.Name != "a" {
		t.Fatalf("%+v, %v", v, err)
	}
}

func event(service, environment string, status sources.Status) sources.Event {
	return sources.Event{
		Source: "ci", EventID: "1", ChangeID: "c", Service: service, Environment: environment, Version: "v1", Status: status,
		At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Sequence: 5,
	}
}

func TestScopeWords(t *testing.T) {
	f := func(s Scope, environment string, kind sources.Kind) {
		t.Helper()
		got := s.Translate(event("cart", "prod", sources.Started))
		if len(got) != 1 {
			t.Fatalf("%+v", got)
		}
		a, err := sources.Admit(got[0], nil, got[0].At)
		if e := a.Event(); err != nil || e.Environment != environment || e.Kind != kind {
			t.Errorf("%+v, %v", e, err)
		}
	}
	f(Scope{Environments: map[string]string{"prod": "production"}, Kind: sources.Config}, "production", sources.Config)
	f(Scope{}, "prod", sources.Deploy)
}

func TestRolloutTellsTheStart(t *testing.T) {
	s := Scope{Rollout: 20 * time.Minute}
	end := event("cart", "production", sources.Succeeded)
	got := s.Translate(end)
	if len(got) != 2 {
		t.Fatalf("%+v, want a start and an end", got)
	}
	first := got[0]
	if first.Status != sources.Started || !first.At.Equal(end.At.Add(-20*time.Minute)) || first.EventID == end.EventID || first.ChangeID != end.ChangeID {
		t.Errorf("start is %+v", first)
	}
	if got[1].Status != sources.Succeeded || got[1].EventID != end.EventID {
		t.Errorf("end is %+v", got[1])
	}
	if got := s.Translate(event("cart", "production", sources.Started)); len(got) != 1 {
		t.Errorf("a reported start gives %d events", len(got))
	}
}

func TestScopeIsChecked(t *testing.T) {
	for _, s := range []Scope{{Services: []string{"[a"}}, {Kind: "infra"}, {Rollout: -1}} {
		if s.Check() == nil {
			t.Errorf("%+v is accepted", s)
		}
	}
	if err := (Scope{Services: []string{"a*"}, Kind: sources.Flag, Rollout: 1}).Check(); err != nil {
		t.Error(err)
	}
}

func TestSecrets(t *testing.T) {
	const first, second, weak = "9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3", "k7Qz-2mXv_9LpRt4W", "hunter2-hunter2-hunter2"
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, b := file("a", first+"\n"), file("b", " "+second+" ")
	secrets, err := NewSecrets([]string{a, b}, false)
	if err != nil {
		t.Fatal(err)
	}
	keys := func(want ...string) {
		t.Helper()
		got := []string{}
		for _, key := range secrets.Keys() {
			got = append(got, string(key))
		}
		if !slices.Equal(got, want) {
			t.Errorf("keys are %q, want %q", got, want)
		}
	}
	keys(first, second)
	for _, content := range []string{"", "\n", "x", "whsec_", weak, first + "\n" + second} {
		file("b", content)
		keys(first)
	}
	file("b", first+"0")
	keys(first, first+"0")

	f := func(name string, insecure bool, files ...string) {
		t.Helper()
		if _, err := NewSecrets(files, insecure); err == nil || strings.Contains(err.Error(), weak) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("none", false)
	f("insecure beside a secret", true, a)
	f("missing file", false, filepath.Join(dir, "c"))
	f("a folder", false, dir)
	f("empty file", false, file("empty", "\n\n"))
	f("large file", false, file("large", strings.Repeat(first, 200)))
	f("one of two", false, a, file("empty2", ""))
	f("a weak one of two", false, a, file("weak", weak))
	f("nothing behind whsec_", false, file("whsec", "whsec_"))
	if got, err := NewSecrets(nil, true); err != nil || len(got.Keys()) != 0 {
		t.Errorf("insecure: %v, %v", got, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"a","at":"2026-03-01T12:00:00Z"}`))
	f.Add([]byte(`{"a":[[[{"b":1}]]]}`))
	f.Add([]byte(`{"name":"a","name":"b"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var v form
		err := DecodeStrict(body, &v)
		if bad := (*sources.BadEvent)(nil); err != nil && (!errors.As(err, &bad) || strings.ContainsAny(bad.Reason, "\n\r") || len(bad.Reason) > 300) {
			t.Fatalf("%q is no reason in one line", err)
		}
		if err == nil && !json.Valid(body) {
			t.Fatal("accepted what is no JSON")
		}
	})
}
