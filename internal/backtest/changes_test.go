package backtest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var today = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const good = `{"id":"d1","service":"cart","environment":"production","kind":"deploy","version":"v42","at":"2026-11-20T10:00:00Z"}`

func TestReadChanges(t *testing.T) {
	moments, err := ReadChanges("f", strings.NewReader(good+"\n\n"+`{"id":"d2","service":"cart","at":"1970-01-02T00:00:00+02:00","good":true}`), today)
	if err != nil || len(moments) != 2 {
		t.Fatalf("%d moments, %v", len(moments), err)
	}
	first, second := moments[0], moments[1]
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	if first.ID != "d1" || first.Version != "v42" || !first.StartedAt.Equal(at) || !first.FinishedAt.Equal(at) || first.Placebo || first.Good {
		t.Errorf("%+v", first)
	}
	if second.Kind != "deploy" || second.Environment != "production" || second.Version != "" || second.StartedAt.Unix() != 22*3600 || !second.Good {
		t.Errorf("%+v", second)
	}
}

func TestBadLines(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		moments, err := ReadChanges("changes.jsonl", strings.NewReader(good+"\n"+line+"\n"), today)
		if err == nil || len(moments) > 0 || err.Error() != "changes.jsonl:2: "+want {
			t.Errorf("%.60s: got %v", line, err)
		}
	}
	f(`nonsense`, "body is not a JSON object")
	f(`{"id":"x","service":"cart","at":"2026-11-20T10:00:00Z"} {}`, "body holds more than one JSON value")
	f(`{"id":"x","id":"y","service":"cart","at":"2026-11-20T10:00:00Z"}`, "a key appears twice in one object (keys that differ by case alone are the same)")
	f(`{"id":"x","svc":"cart","at":"2026-11-20T10:00:00Z"}`, `unknown field "svc"; the fields are id, service, environment, kind, version, at, good`)
	f(`{"service":"cart","at":"2026-11-20T10:00:00Z"}`, "id is missing: give every change an id of its own")
	f(`{"id":"x","at":"2026-11-20T10:00:00Z"}`, "service is missing: send a non-empty name")
	f(`{"id":"x","service":"cart"}`, "at is missing: write the time of the change, RFC 3339")
	f(`{"id":"x","service":"cart","at":"yesterday"}`, "at has no valid value: times are RFC 3339, as in 2026-11-29T14:00:00Z, with a zone; numbers of seconds or milliseconds are not read")
	f(`{"id":"x","service":"cart","at":1700000000}`, "at has no valid value: times are RFC 3339, as in 2026-11-29T14:00:00Z, with a zone; numbers of seconds or milliseconds are not read")
	f(`{"id":"x","service":"cart","at":"2026-11-22T12:00:01Z"}`, "at is in the future: there is nothing to replay yet")
	f(`{"id":"x","service":"cart","kind":"push","at":"2026-11-20T10:00:00Z"}`, "kind is unknown: send deploy, config, flag or experiment")
	f(`{"id":"x","service":"a\u001bb","at":"2026-11-20T10:00:00Z"}`, "service holds a control character or line break: send plain one-line text")
	f(`{"id":7,"service":"cart","at":"2026-11-20T10:00:00Z"}`, "id: cannot be a JSON number")
	f(good, "line 1 has the same id")
	f(`{"id":"`+strings.Repeat("x", maxLine)+`"}`, "the line is longer than 64 KiB")
}

func TestEveryBadLineIsTold(t *testing.T) {
	_, err := ReadChanges("f", strings.NewReader("a\nb\n"+good+"\nc\n"), today)
	var m Mistake
	if !errors.As(err, &m) || m.Line != 1 || strings.Count(err.Error(), "\n") != 2 || !strings.Contains(err.Error(), "f:4:") {
		t.Errorf("%v", err)
	}
	_, err = ReadChanges("f", strings.NewReader(strings.Repeat("x\n", 1000)), today)
	if n := strings.Count(err.Error(), "\n") + 1; n != maxMistakes+1 || !strings.Contains(err.Error(), "too many mistakes") {
		t.Errorf("%d mistakes", n)
	}
}

func TestTooManyChanges(t *testing.T) {
	var b strings.Builder
	for i := range 4 {
		fmt.Fprintf(&b, `{"id":"%d","service":"cart","at":"2026-11-20T10:00:00Z"}`+"\n", i)
	}
	if _, err := readChanges("f", strings.NewReader(b.String()), today, 3); err == nil || err.Error() != "f:4: more than 3 changes: split the file" {
		t.Errorf("%v", err)
	}
	if all, err := readChanges("f", strings.NewReader(b.String()), today, 4); err != nil || len(all) != 4 {
		t.Errorf("%d, %v", len(all), err)
	}
}

// FuzzReadChanges checks what a replay relies on, for any input.
func FuzzReadChanges(f *testing.F) {
	f.Add(good)
	f.Add(good + "\n" + good)
	f.Add("{}\n\n[1]\n\"x\"\nnull")
	f.Add(`{"id":"x","service":"cart","at":"0001-01-01T00:00:01Z"}`)
	f.Add(`{"id":"x","service":"cart","kind":"flag","at":"2026-11-20T10:00:00.123456789+14:00"}`)
	if committed, err := os.ReadFile("testdata/changes.jsonl"); err == nil {
		f.Add(string(committed))
	}
	f.Fuzz(func(t *testing.T, text string) {
		moments, err := ReadChanges("f", strings.NewReader(text), today)
		if err != nil && len(moments) > 0 {
			t.Fatal("moments beside an error")
		}
		seen := map[string]bool{}
		for _, m := range moments {
			if m.ID == "" || seen[m.ID] || m.Service == "" || m.Kind == "" || m.Environment == "" {
				t.Fatalf("%+v", m)
			}
			if m.StartedAt.IsZero() || m.StartedAt.After(today) || !m.FinishedAt.Equal(m.StartedAt) {
				t.Fatalf("%+v", m)
			}
			seen[m.ID] = true
		}
	})
}
