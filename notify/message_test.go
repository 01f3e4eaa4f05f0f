package notify_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pushback/pushback/notify"
)

func TestTruncate(t *testing.T) {
	f := func(text string, limit int, want string) {
		t.Helper()
		if got := notify.Truncate(text, limit); got != want {
			t.Errorf("Truncate(%.20q, %d) = %q, want %q", text, limit, got, want)
		}
	}
	f("short", 5, "short")
	f("a bit longer", 8, "a bit…")
	f("ééééé", 8, "éé…")
	f("broken \xff", 20, "broken ")
	f("long and \xff broken \xff", 15, "long and  b…")
	f("no room", 2, "…")
}

func TestDedupKey(t *testing.T) {
	f := func(key string, limit int, same bool) {
		t.Helper()
		got := notify.Message{Key: key}.DedupKey(limit)
		if len(got) > limit || (got == key) != same {
			t.Errorf("key of %d bytes in %d: %q", len(key), limit, got)
		}
	}
	long := strings.Repeat("x", 255)
	f("key", 255, true)
	f(long, 255, true)
	f(long+"a", 255, false)
	if a, b := (notify.Message{Key: long + "a"}), (notify.Message{Key: long + "b"}); a.DedupKey(255) == b.DedupKey(255) {
		t.Error("two keys became one")
	}
}

func TestStatusError(t *testing.T) {
	cause := errors.New("cause")
	f := func(status int, after time.Duration, permanent, waits bool) {
		t.Helper()
		err := notify.StatusError(status, after, cause)
		var retry *notify.RetryAfter
		if errors.Is(err, notify.ErrPermanent) != permanent || errors.As(err, &retry) != waits || !errors.Is(err, cause) {
			t.Errorf("%d after %s: %v", status, after, err)
		}
	}
	f(400, 0, true, false)
	f(400, time.Second, true, false)
	f(401, 0, false, false)
	f(404, 0, false, false)
	f(429, time.Second, false, true)
	f(503, 0, false, false)
}

func FuzzTruncated(f *testing.F) {
	f.Add("cart v2", "errors rose", 3)
	f.Add("\xff\x00", strings.Repeat("é", 3000), 50)
	f.Fuzz(func(t *testing.T, title, line string, n int) {
		m := notify.Message{Title: title, Action: line, Link: line, Ask: &notify.Ask{Order: line, Target: title}}
		for range min(max(n, 0), 100) {
			m.SignalLines = append(m.SignalLines, line)
			m.Fields = append(m.Fields, notify.Field{Name: title, Value: line})
			m.People = append(m.People, notify.Person{Name: line, Handles: map[string]string{"slack": line}})
			m.Choices = append(m.Choices, notify.Choice{When: line, Shell: title, Chat: line, About: line})
		}
		m = m.Truncated()
		size := len(m.Title) + len(m.Link)
		texts := append(m.Lines(), m.Title, m.Link, m.Ask.Order, m.Ask.Target)
		for _, p := range m.People {
			texts = append(texts, p.Name, p.Handles["slack"])
		}
		for _, c := range m.Choices {
			texts = append(texts, c.Chat, c.About) // the lines have the rest
		}
		for _, text := range texts {
			if size += len(text); !utf8.ValidString(text) {
				t.Errorf("%q is not valid UTF-8", text)
			}
		}
		if size > 32<<10 || len(m.FieldValues()) > 20 || len(m.People) > 20 {
			t.Errorf("%d bytes, %d fields", size, len(m.FieldValues()))
		}
	})
}
