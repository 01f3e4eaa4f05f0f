package deliveries

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/store/storetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T) *store.Store {
	t.Helper()
	return storetest.Open(t, store.Open)
}

// failing is a store whose writes fail while it is broken.
type failing struct {
	Store
	broken bool
}

func (f *failing) AddSourceCounts(ctx context.Context, c []store.SourceCount) error {
	if f.broken {
		return errors.New("disk full")
	}
	return f.Store.AddSourceCounts(ctx, c)
}

func TestCountsSurvive(t *testing.T) {
	st, now := open(t), noon
	broken := &failing{Store: st}
	r := New(broken, slog.New(slog.DiscardHandler), func() time.Time { return now })
	r.Note("ci", Accepted, "")
	r.Note("ci", Refused, "service is missing")
	check := func(r *Record, accepted, refused int64) {
		t.Helper()
		got, err := r.Counts(t.Context())
		if c := got["ci"]; err != nil || c.Accepted != accepted || c.Refused != refused || c.RefusedReason != "service is missing" || !c.Since.Equal(noon) {
			t.Errorf("%+v, %v; want %d accepted, %d refused", c, err, accepted, refused)
		}
	}
	check(r, 1, 1)
	broken.broken = true
	r.flush(t.Context())
	now = now.Add(time.Minute)
	r.Note("ci", Accepted, "")
	check(r, 2, 1)
	broken.broken = false
	r.flush(t.Context())
	check(r, 2, 1)
	check(New(st, slog.New(slog.DiscardHandler), time.Now), 2, 1) // after a restart
	(*Record)(nil).Note("ci", Accepted, "")
}

// remembered is a store in memory.
type remembered struct {
	Store
	added []store.SourceCount
}

func (m *remembered) AddSourceCounts(_ context.Context, c []store.SourceCount) error {
	m.added = append(m.added, c...)
	return nil
}

func TestRunStoresAtLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &remembered{}
		r := New(m, slog.New(slog.DiscardHandler), time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		r.Note("ci", Accepted, "")
		time.Sleep(flushEvery + time.Second)
		r.Note("ci", Ignored, "a ping")
		cancel()
		if err := <-done; err != nil || len(m.added) != 2 || m.added[0].Accepted != 1 || m.added[1].Ignored != 1 {
			t.Errorf("%+v, %v", m.added, err)
		}
	})
}

func TestKeep(t *testing.T) {
	now := noon
	r := New(open(t), slog.New(slog.DiscardHandler), func() time.Time { return now })
	kept := func() []store.Captured {
		t.Helper()
		_, all, err := r.Captured(t.Context(), "ci")
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	r.Keep(t.Context(), "ci", Refused, "r", []byte(`{"a":1}`))
	if len(kept()) != 0 {
		t.Error("kept without being asked")
	}
	c, err := r.Capture(t.Context(), "ci", "ada", 30*24*time.Hour)
	if err != nil || !c.EndsAt.Equal(noon.Add(MaxCapture)) {
		t.Errorf("%+v, %v", c, err)
	}
	r.Keep(t.Context(), "ci", Refused, "r", []byte(`{"a":1}`))
	r.Keep(t.Context(), "ci", Refused, "r", []byte(`{"a":1}`))
	r.Keep(t.Context(), "ci", Unsigned, "r", []byte(`{"b":1}`))
	r.Keep(t.Context(), "ci", Accepted, "", []byte(`{"c":1}`))
	r.Keep(t.Context(), "other", Refused, "r", []byte(`{"d":1}`))
	if all := kept(); len(all) != 1 || all[0].Body != "{\n  \"a\": 1\n}" || all[0].Bytes != 7 {
		t.Errorf("%+v", all)
	}
	now = noon.Add(MaxCapture)
	r.Keep(t.Context(), "ci", Refused, "r", []byte(`{"e":1}`))
	if len(kept()) != 1 {
		t.Error("kept after the end")
	}
	if err := r.EndCapture(t.Context(), "ci"); err != nil || len(kept()) != 0 {
		t.Errorf("%v, %v", err, kept())
	}
}

func TestBlotted(t *testing.T) {
	const hidden = "s3kr1tvalue-9f8b1c0d"
	for _, body := range []string{
		`{"token":"` + hidden + `","app":"cart"}`, `{"auth":{"password":"` + hidden + `"},"app":"cart"}`, `{"secrets":["` + hidden + `",{"x":"` + hidden + `"}],"app":"cart"}`,
		`{"url":"https://me:` + hidden + `@h/x","app":"cart"}`, `{"text":"curl -H 'Authorization: Bearer ` + hidden + `'","app":"cart"}`,
		`{"env":"A=1\nAPI_TOKEN=` + hidden + `\n","app":"cart"}`, `{"api_key":123456789012,"app":"cart"}`,
		`app=cart&token=` + hidden, "app: cart\npassword: " + hidden, `{"token":"` + hidden + `","app":"cart"`,
		"\xff app cart {\"token\":\"" + hidden + "\"}", `[{"token":"` + hidden + `","app":"cart"}]`,
	} {
		got := blotted([]byte(body))
		if strings.Contains(got, hidden) || strings.Contains(got, "123456789012") || !strings.Contains(got, "cart") {
			t.Errorf("%s became %s", body, got)
		}
	}
	if got := blotted([]byte(`{"b":9007199254740993,"a":"<x>"}`)); got != "{\n  \"a\": \"<x>\",\n  \"b\": 9007199254740993\n}" {
		t.Errorf("%s", got)
	}
	if got := blotted([]byte(`{"a":"` + strings.Repeat("x", 2*MaxBody) + `"}`)); len(got) > MaxBody+10 || !strings.HasSuffix(got, "cut") {
		t.Errorf("%d bytes", len(got))
	}
	if got := blotted([]byte("{\"a\\u0000\":\"b\\u0000\"}")); strings.Contains(got, "\x00") || strings.Contains(got, "u0000") {
		t.Errorf("%q", got)
	}
}

func FuzzBlotted(f *testing.F) {
	f.Add([]byte(`{"token":"x","a":[1,{"b":null}]}`))
	f.Add([]byte("a\x00b: c"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if got := blotted(body); len(got) > MaxBody+10 || strings.Contains(got, "\x00") {
			t.Fatalf("%d bytes of %d, %.100q", len(got), len(body), got)
		}
	})
}
