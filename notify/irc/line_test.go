package irc

import (
	"bufio"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/notify"
)

func TestParse(t *testing.T) {
	f := func(text string, want line) {
		t.Helper()
		got, err := parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(line{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	f("PING", line{command: "PING"})
	f("ping :a b", line{command: "PING", params: []string{"a b"}})
	f(":n!u@h PRIVMSG #c ::-) x", line{source: "n!u@h", command: "PRIVMSG", params: []string{"#c", ":-) x"}})
	f(`@account=ada;+account=eve;time=a\:b\sc\\d\q;x :n 001  a  :`, line{
		tags: map[string]string{"account": "ada", "time": `a;b c\dq`, "x": ""}, source: "n", command: "001", params: []string{"a", ""},
	})
	f("X 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", line{command: "X", params: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15 16"}})
	for _, text := range []string{"", " ", ":n", "@a=b", "@", ":", "\x00", "PING a\r", "é", "@a :n ", strings.Repeat("A", maxIncoming+1)} {
		if l, err := parse(text); err == nil {
			t.Errorf("%q is %+v", text, l)
		}
	}
}

func TestFormat(t *testing.T) {
	f := func(want, command string, params ...string) {
		t.Helper()
		if got, err := format(command, params...); got != want || (err == nil) != (want != "") {
			t.Errorf("%q %q is %q (%v), want %q", command, params, got, err, want)
		}
	}
	f("PRIVMSG #c :a b\r\n", "PRIVMSG", "#c", "a b")
	f("PRIVMSG #c ::x\r\n", "PRIVMSG", "#c", ":x")
	f("TOPIC #c :\r\n", "TOPIC", "#c", "")
	f("", "PRIVMSG", "#c", "a\r\nQUIT")
	f("", "PRIVMSG", "#c d", "a")
	f("", "PRIVMSG", "", "a")
	f("", "PRIVMSG", "#c", "a\x00")
	f("", "PRIVMSG", "#c", strings.Repeat("x", 520))
}

func TestCut(t *testing.T) {
	f := func(text string, limit int, want ...string) {
		t.Helper()
		if got := cut(text, limit); !cmp.Equal(got, want) {
			t.Errorf("%q in %d is %q, want %q", text, limit, got, want)
		}
	}
	f("a bc def", 8, "a bc def")
	f("one two three", 8, "one two", "three")
	f("ééééé", 5, "éé", "éé", "é")
	f("日本語", 4, "日", "本", "語")
	f("\x80\x80\x80\x80\x80\x80", 4, "\x80\x80\x80\x80", "\x80\x80")
	f("", 8)
}

func TestReadLine(t *testing.T) {
	in := bufio.NewReaderSize(strings.NewReader("a\r\nb\n\r\n"+strings.Repeat("x", 10000)+"\r\nc\r\nend"), 16)
	var got []string
	for {
		text, err := readLine(in)
		if err != nil {
			break
		}
		got = append(got, text)
	}
	if want := []string{"a", "b", "", "", "c"}; !cmp.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}

// Whatever arrives is read without a panic, and what is written again means the same.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"PING :x", ":n!u@h PRIVMSG #c :hi", `@account=ada;+x=\: :n!u@h PRIVMSG #c :!approve k3y`, ":s 353 me = #c :@a +b", ":s 005 me TOPICLEN=-1", ":s CAP * LS * :sasl=PLAIN",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parse(text)
		if err != nil {
			return
		}
		s := newSession(Config{Nick: "me", Channels: []string{"#c"}, Every: 1, Burst: 1}, secrets{password: "x"}, discard{}, func(heard) {})
		s.said.target = "#c"
		s.handle(l)
		written, err := format(l.command, l.params...)
		if err != nil {
			return
		}
		again, err := parse(strings.TrimSuffix(written, "\r\n"))
		if err != nil || again.command != l.command || !cmp.Equal(again.params, l.params) {
			t.Errorf("%q became %q and then %+v (%v)", text, written, again, err)
		}
	})
}

// Whatever people write or services are called, each line is one line of UTF-8 within the limit.
func FuzzLines(f *testing.F) {
	f.Add("cart v2\r\nQUIT", 300)
	f.Add(strings.Repeat("é\x02\x0304", 200), 30)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = min(max(limit, 20), maxLine)
		m := notify.Message{Title: text, Action: text, SignalLines: []string{text, text}, Severity: notify.Critical}
		all := lines(render(m.Truncated(), true, true), limit)
		if len(all) == 0 || len(all) > maxLines {
			t.Errorf("%d lines", len(all))
		}
		for _, one := range all {
			if len(one) > limit && one != all[len(all)-1] || !utf8.ValidString(one) || strings.ContainsAny(one, "\r\n\x00\x01\x02\x03\x1f") {
				t.Errorf("line of %d bytes in %d: %q", len(one), limit, one)
			}
		}
	})
}
