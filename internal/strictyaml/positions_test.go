package strictyaml

import (
	"strings"
	"testing"
	"time"
)

func TestPositions(t *testing.T) {
	source := "name: a\nitems:\n  - query: up\n  - {query: down}\nlabels: {zone: \"é\", b: c}\n"
	positions, problems := Decode([]byte(source), new(sample))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	f := func(path string, value, key Position) {
		t.Helper()
		if got := positions.Value(path); got != value {
			t.Errorf("value of %s at %v, want %v", path, got, value)
		}
		if got := positions.Key(path); got != key {
			t.Errorf("key of %s at %v, want %v", path, got, key)
		}
	}
	f("", Position{1, 1}, Position{1, 1})
	f("name", Position{1, 7}, Position{1, 1})
	f("items", Position{3, 3}, Position{2, 1})
	f("items[0].query", Position{3, 12}, Position{3, 5})
	f("items[1].query", Position{4, 13}, Position{4, 6})
	f("labels.b", Position{5, 24}, Position{5, 21})
	f("items[1].missing", Position{4, 5}, Position{4, 5})
	f("items[9].query", Position{3, 3}, Position{3, 3})
	f("nowhere", Position{1, 1}, Position{1, 1})
	for at, path := range map[Position]string{{1, 7}: "name", {3, 5}: "items[0]", {5, 24}: "labels.b"} {
		if got, ok := positions.At(at); got != path || !ok {
			t.Errorf("at %v stands %q, want %q", at, got, path)
		}
	}
	if got, ok := positions.At(Position{5, 21}); ok {
		t.Errorf("at the key of labels.b stands the value of %q", got)
	}
	if !positions.Has("items[0]") || positions.Has("items[2]") || positions.Has("count") {
		t.Error("Has is wrong about what was written")
	}
}

// TestInside looks for the letter X in scalars of every style.
func TestInside(t *testing.T) {
	f := func(source string) {
		t.Helper()
		var got struct {
			Name string `yaml:"name"`
		}
		positions, problems := Decode([]byte(source), &got)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		place := positions.Inside("name", strings.Index(got.Name, "X"))
		lines := strings.Split(source, "\n")
		line := lines[min(place.Line, len(lines))-1]
		if runes := []rune(line); place.Column > len(runes) || runes[place.Column-1] != 'X' {
			t.Errorf("%q: X of %q placed at %v", source, got.Name, place)
		}
	}
	f("name: aXb")
	f("name: 'aXb'")
	f(`name: "aXb"`)
	f("name: é X")
	f("name: 'it''s X'")
	f(`name: "say \"hi\"\n\tX"`)
	f("name: plain over\n   two lines X")
	f("name: 'quoted over\n   two lines X'")
	f("name: |\n  sum(\n    rate(x)\n  ) X\n")
	f("name: |2\n     deep\n    X\n")
	f("name: >-\n  folded\n  over X\n\n  lines\n")
	f("name: >\n  a\n\n\n  X\n")
	f("name: |-  # a comment\n\n\n  X\n")
	f("name: \"a \\\n   X\"")
}

func TestInsideKeepsToTheScalar(t *testing.T) {
	var got struct {
		Name string `yaml:"name"`
	}
	positions, _ := Decode([]byte(`name: "\u0041X"`), &got)
	if at := positions.Inside("name", 1); at != (Position{1, 7}) {
		t.Errorf("an escape that cannot be followed: %v", at)
	}
	if at := positions.Inside("name", 99); at != (Position{1, 7}) {
		t.Errorf("an offset beyond the end: %v", at)
	}
	if at := positions.Inside("elsewhere", 3); at != (Position{1, 1}) {
		t.Errorf("a path that is not there: %v", at)
	}
}

func TestNearest(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		if got := Nearest(name, []string{"bake", "before", "signals", "id"}); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	f("bkae", "bake")
	f("Bake", "bake")
	f("befor", "before")
	f("singals", "signals")
	f("sign", "")
	f("ix", "")
	f("nothing", "")
	f(strings.Repeat("bake", 1000), "")
}

func TestDuration(t *testing.T) {
	f := func(text string, want time.Duration) {
		t.Helper()
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s: %v, %v", text, time.Duration(d), err)
		}
		again := Duration(-1)
		written, err := d.MarshalText()
		if err != nil || again.UnmarshalText(written) != nil || again != d {
			t.Errorf("%s is written as %s", text, written)
		}
	}
	f("30m", 30*time.Minute)
	f("1h30m", 90*time.Minute)
	f("7d", 7*24*time.Hour)
	f("250ms", 250*time.Millisecond)
	f("0", 0)
	f("0s", 0)
	for _, text := range []string{"", "30", "1.5h", "-1m", "m", "1m1h", "999999999999999y"} {
		if new(Duration).UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func FuzzDuration(f *testing.F) {
	for _, text := range []string{"30m", "1h30m", "7d", "0", "-1m", "1.5h", "292y", "99999999999w"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var d, again Duration
		if d.UnmarshalText([]byte(text)) != nil {
			return
		}
		if d < 0 || again.UnmarshalText([]byte(d.String())) != nil || again != d {
			t.Errorf("%q gives %v, then %v", text, time.Duration(d), time.Duration(again))
		}
	})
}

// FuzzDecode checks that nothing panics, that every problem has a position in the
// file, and that every offset of a scalar has one.
func FuzzDecode(f *testing.F) {
	f.Add("name: a\nitems: [{query: up}]\nfor: 3m\nany: {a: [1, *x]}")
	f.Add("name: &x a\nany: *x\nlabels: {<<: {a: b}}")
	f.Add("name: >\n a\n  b\nlabels:\n  ? a\n  : b")
	f.Add("items: &i [{query: *i}]")
	for _, source := range hostile() {
		if len(source) < 4096 {
			f.Add(source)
		}
	}
	f.Fuzz(func(t *testing.T, source string) {
		var got sample
		positions, problems := Decode([]byte(source), &got)
		last := 0
		for _, p := range problems {
			if p.Line < max(last, 1) || p.Column < 1 || p.Code == "" || p.Message == "" {
				t.Errorf("%q: %+v", source, p)
			}
			last = p.Line
		}
		for offset := range got.Name {
			if at := positions.Inside("name", offset); at.Line < 1 || at.Column < 1 {
				t.Errorf("%q: byte %d at %v", source, offset, at)
			}
		}
	})
}
