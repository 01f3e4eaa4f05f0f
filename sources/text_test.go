package sources

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestOneLine(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := OneLine(text, 30); got != want {
			t.Errorf("%+q becomes %+q, want %+q", text, got, want)
		}
	}
	f("amy", "amy")
	f("Zoë Łukasz 中文 👩 ", "Zoë Łukasz 中文 👩")
	f("  two\r\n\tlines\x0b ", "two lines")
	f("a\x00b\x1b[2Jc\x7f\u0085d", "a b [2Jc d")
	f("yma\u202e\u202d\u202a\u202b\u202c", "yma")
	f("\u2066amy\u2067\u2068\u2069\u200e\u200f\u061c", "amy")
	f("a\u200bm\u200c\u200d\u2060\ufeff\u00ady", "amy")
	f("a\u3164\u115f\u1160\uffa0\u2800b\ufe0f\u034f\U000e0041\U000e0100", "ab")
	f("a\u00a0\u2028\u2029\u3000b", "a b")
	f("a\xff\xc0\xafb\ufffd", "ab")
	f("\u200b\u202e\t", "")
	f(strings.Repeat("é", 16), strings.Repeat("é", 13)+"…")
	f(strings.Repeat("a", 30), strings.Repeat("a", 30))
}

func FuzzOneLine(f *testing.F) {
	f.Add("a\u202eb\xff\n", 10)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = 3 + max(limit, 0)%100
		got := OneLine(text, limit)
		if len(got) > limit || !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\n\r\u202e\u200b") || OneLine(got, limit) != got {
			t.Errorf("%+q (%d) becomes %+q", text, limit, got)
		}
	})
}
