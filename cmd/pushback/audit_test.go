package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
)

// exported is a record of n entries, one per line.
func exported(t testing.TB, n int) (lines [][]byte) {
	t.Helper()
	prev := ""
	for i := range n {
		e := store.Entry{
			Seq: int64(i + 5), At: time.UnixMicro(int64(1795713314000000 + i)).UTC(), Actor: "amy", Action: "test",
			Detail: json.RawMessage(fmt.Sprintf(`{"n":%d,"text":"\u003ca \u0026 b\u003e"}`, i)), Prev: prev,
		}
		e.Hash = e.Sum()
		prev = e.Hash
		line, err := json.Marshal(auditedEntry(e))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestChain(t *testing.T) {
	f := func(name, want string, change func(lines [][]byte) [][]byte) {
		t.Helper()
		c, err := readRecord(bytes.NewReader(bytes.Join(change(exported(t, 4)), []byte("\n"))))
		if err != nil {
			t.Fatal(name, err)
		}
		if got := fmt.Sprint(c.broken()); !strings.Contains(got, want) || (want == "nil") != (c.broken() == nil) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	f("whole", "nil", func(l [][]byte) [][]byte { return l })
	f("from the middle on", "nil", func(l [][]byte) [][]byte { return l[2:] })
	f("empty", "nil", func([][]byte) [][]byte { return nil })
	f("one is missing", "entry 5 is followed by entry 7", func(l [][]byte) [][]byte { return slices.Delete(l, 1, 2) })
	f("two have changed places", "entry 5 is followed by entry 7", func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l })
	f("one stands twice", "entry 6 is followed by entry 6", func(l [][]byte) [][]byte { return slices.Insert(l, 1, l[1]) })
	replaced := func(old, with string) func([][]byte) [][]byte {
		return func(l [][]byte) [][]byte { l[1] = bytes.Replace(l[1], []byte(old), []byte(with), 1); return l }
	}
	f("an actor is altered", "entry 6 was altered", replaced("amy", "bob"))
	f("a detail is altered", "entry 6 was altered", replaced(`"n":1`, `"n":2`))
	f("a moment is altered", "entry 6 was altered", replaced("2026-11-26", "2026-11-25"))
	f("a hash is taken away", "entry 6 has no hash", func(l [][]byte) [][]byte {
		i, j := bytes.Index(l[1], []byte(`,"hash"`)), bytes.LastIndexByte(l[1], '}')
		l[1] = slices.Delete(l[1], i, j)
		return l
	})
	f("one is written anew", "entry 7 was not written after entry 6", func(l [][]byte) [][]byte {
		forged := store.Entry{Seq: 6, Actor: "mallory", Action: "test", Prev: chainOf(t, l[:1]).last.Hash}
		forged.Hash = forged.Sum()
		l[1], _ = json.Marshal(auditedEntry(forged))
		return l
	})
}

func chainOf(t *testing.T, lines [][]byte) chain {
	t.Helper()
	c, err := readRecord(bytes.NewReader(bytes.Join(lines, []byte("\n"))))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// FuzzReadRecord checks that a text is a whole record only if every hash in it is right.
func FuzzReadRecord(f *testing.F) {
	f.Add(bytes.Join(exported(f, 3), []byte("\n")))
	f.Add([]byte("{}\n{}"))
	f.Add([]byte(`{"seq":1,"hash":"x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := readRecord(bytes.NewReader(text))
		if err != nil || c.broken() != nil || c.entries == 0 || c.last.Hash == "" {
			return
		}
		if c.last.Hash != c.last.Sum() {
			t.Errorf("taken for whole: %q", text)
		}
	})
}

func TestMoment(t *testing.T) {
	f := func(text string, want time.Time, ok bool) {
		t.Helper()
		var m moment
		err := m.UnmarshalText([]byte(text))
		if (err == nil) != ok || ok && time.Time(m).Sub(want).Abs() > time.Minute {
			t.Errorf("%q: %s, %v", text, time.Time(m), err)
		}
	}
	f("2026-11-26", time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC), true)
	f("2026-11-26T15:04:05+01:00", time.Date(2026, 11, 26, 14, 4, 5, 0, time.UTC), true)
	f("7d", time.Now().Add(-7*24*time.Hour), true)
	f("yesterday", time.Time{}, false)
	f("", time.Time{}, false)
	f("-1h", time.Time{}, false)
}
