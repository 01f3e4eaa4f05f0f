package strictyaml

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/config"
)

type inner struct {
	Shared string `yaml:"shared"`
}

type sample struct {
	Inner   inner             `yaml:",inline"`
	Name    string            `yaml:"name" required:"true"`
	Count   int               `yaml:"count"`
	Share   float64           `yaml:"share"`
	On      bool              `yaml:"on"`
	For     time.Duration     `yaml:"for"`
	Tell    TextList          `yaml:"tell"`
	Labels  map[string]string `yaml:"labels"`
	Items   []item            `yaml:"items"`
	Pointer *item             `yaml:"pointer"`
	Any     any               `yaml:"any"`
	Hidden  string            `yaml:"-"`
	Wide    []wide            `yaml:"wide"`
}

// wide takes more memory than it is written with.
type wide struct {
	Text [2000]byte `yaml:"-"`
}

type item struct {
	Query string `yaml:"query"`
}

func TestDecode(t *testing.T) {
	var got sample
	_, problems := Decode([]byte(`
name: cart
shared: yes it is
count: 1_000
share: 0.5
on: true
for: 1h30m
tell: chat
labels: {zone: "1", day: 2026-01-02}
items: &i
  - query: up
pointer: {query: down}
any: {deep: [1, 2.5, true, text]}
`), &got)
	want := sample{
		Inner: inner{Shared: "yes it is"}, Name: "cart", Count: 1000, Share: 0.5, On: true, For: 90 * time.Minute,
		Tell: TextList{"chat"}, Labels: map[string]string{"zone": "1", "day": "2026-01-02"},
		Items: []item{{"up"}}, Pointer: &item{"down"},
		Any: map[string]any{"deep": []any{int64(1), 2.5, true, "text"}},
	}
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// render gives problems as one line each, the way a terminal would.
func render(problems []Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "%d:%d %s: %s", p.Line, p.Column, p.Code, p.Message)
		if p.Hint != "" {
			fmt.Fprintf(&b, " (%s)", p.Hint)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestProblems(t *testing.T) {
	f := func(source, want string) {
		t.Helper()
		_, problems := Decode([]byte(source), new(sample))
		if got := strings.TrimSpace(render(problems)); got != want {
			t.Errorf("%q:\n got %s\nwant %s", source, got, want)
		}
	}
	f("name: a", "")
	f("", "")
	f("# only a comment\n", "")
	f("count: 1", `1:1 missing-field: the key "name" is missing`)
	f("name: a\ncuont: 1", `2:1 unknown-key: unknown key "cuont" (did you mean "count"?)`)
	f("name: a\nzzzzzz: 1", `2:1 unknown-key: unknown key "zzzzzz" (known keys: any, count, for, items, labels, name, on, pointer, share, shared, tell, wide)`)
	f("name: a\nTELL_: 1", `2:1 unknown-key: unknown key "TELL_" (did you mean "tell"?)`)
	f("nmae: a", `1:1 unknown-key: unknown key "nmae" (did you mean "name"?)`)
	f("name: a\nexpr: up\nwindow: 1m\nlabels: {}", `2:1 unknown-key: unknown key "expr" (known keys: any, count, for, items, labels, name, on, pointer, share, shared, tell, wide)
3:1 unknown-key: unknown key "window" (known keys: any, count, for, items, labels, name, on, pointer, share, shared, tell, wide)`)
	f("name: a\nnotify: b", `2:1 unknown-key: unknown key "notify" (did you mean "tell"?)`)
	f("name: a\nitems: [{expr: up}]", `2:10 unknown-key: unknown key "expr" (did you mean "query"?)`)
	f("name: a\nitems: [up]", `2:9 wrong-type: expected keys and values, found text (the keys here are query)`)
	f("name: a\nfor: 30", `2:6 bad-value: "30" has no unit (write "30s", "30m" or "30ms", whichever is meant)`)
	f("name: a\nitems: [{query: up}", `3:1 yaml-syntax: did not find expected ',' or ']' (something is not closed: every { needs a }, every [ a ], and entries between them a comma)`)
	f("name: a\n  count: 1\n tell: b", `2:8 yaml-syntax: mapping values are not allowed in this context (text that holds ": " needs quotes; otherwise check the indentation)`)
	f("items:\n  - query: a\n   query: b", `3:4 yaml-syntax: did not find expected '-' indicator (keys that belong together begin in the same column: check the indentation of this line and of those above it, and that every { is closed)`)
	f("pointer:\n  query: a\n tell: b\nname: a", `3:2 yaml-syntax: did not find expected key (keys that belong together begin in the same column: check the indentation of this line and of those above it, and that every { is closed)`)
	f("name: \"a", `1:9 yaml-syntax: found unexpected end of stream (a quotation mark is not closed)`)
	f("name: *", `1:8 yaml-syntax: a value that begins with * or & names an anchor, and no name follows (text that begins with * or & needs quotes, as in "*")`)
	f("name: a\nname: b", `2:1 duplicate-key: the key "name" stands here a second time (the first is on line 1)`)
	f("name: 1.10", `1:7 unquoted-text: expected text, found a number (put quotes around it)`)
	f("name: true", `1:7 unquoted-text: expected text, found true or false (put quotes around it)`)
	f("name:", `1:6 wrong-type: this key has no value (give it one, or take the key out; what belongs to it is indented below it)`)
	f("name: [a]", `1:7 wrong-type: expected text, found a list`)
	f("name: a\ncount: many", `2:8 wrong-type: expected a whole number, found text`)
	f("name: a\ncount: 1.5", `2:8 wrong-type: expected a whole number, found a number`)
	f("name: a\nshare: .nan", `2:8 wrong-type: expected a number, found a number`)
	f("name: a\non: yes", `2:5 wrong-type: expected true or false, found text`)
	f("name: a\nfor: 1.5h", `2:6 bad-value: "1.5h" is not a duration (write whole numbers with a unit, as in 300ms, 15s, 30m, 1h30m or 7d)`)
	f("name: a\nfor: -3m", `2:6 bad-value: "-3m" is not a duration (write whole numbers with a unit, as in 300ms, 15s, 30m, 1h30m or 7d)`)
	f("name: a\nitems: {query: up}", `2:8 wrong-type: expected a list, found keys and values (write a list as [a, b], or each on a line of its own after a dash)`)
	f("name: a\nlabels: [a]", `2:9 wrong-type: expected keys and values, found a list`)
	f("name: a\ntell: {a: b}", `2:7 wrong-type: expected text or a list of it, found keys and values`)
	f("name: a\ntell: [a, 5]", `2:11 unquoted-text: expected text, found a number (put quotes around it)`)
	f("[a]: b\nname: a", `1:1 wrong-type: expected text as a key, found a list`)
	f("<<: {name: a}\nname: b", `1:1 yaml-merge-key: merge keys (<<) are not supported (write the keys out, or use an alias for the whole value)`)
	f("name: a\n---\nname: b", `2:1 yaml-documents: a second YAML document begins here (put each document into a file of its own)`)
	f("name: a\n\tcount: 1", `2:1 yaml-syntax: this line is indented with a tab (YAML is indented with spaces: replace each tab by two spaces)`)
	f("name: é: a", `1:8 yaml-syntax: mapping values are not allowed in this context (text that holds ": " needs quotes; otherwise check the indentation)`)
	f("name: a\n\x00", `2:1 yaml-encoding: the file holds a NUL byte (save it as plain UTF-8 text)`)
	f("name: a # \u202eb", `1:11 yaml-encoding: the file holds a character that turns the direction of text, so that it is not what people see (save it as plain UTF-8 text)`)
	f("name: é\xff", `1:8 yaml-encoding: the file holds bytes that are not UTF-8 (save it as plain UTF-8 text)`)
	f("name: @a", `1:7 yaml-syntax: found character that cannot start any token (YAML is indented with spaces, not tabs; text that begins with @, `+"` or %"+` needs quotes)`)
	f("name: *nobody", `1:7 yaml-syntax: a value that begins with * refers to an anchor that this file does not have (text that begins with * needs quotes)`)
	f("items: [{query: 1}, {qeury: up}]\nnmae: a\ncount: x", strings.Join([]string{
		`1:17 unquoted-text: expected text, found a number (put quotes around it)`,
		`1:22 unknown-key: unknown key "qeury" (did you mean "query"?)`,
		`2:1 unknown-key: unknown key "nmae" (did you mean "name"?)`,
		`3:8 wrong-type: expected a whole number, found text`,
	}, "\n"))
}

// hostile returns inputs that must be refused before they take much time or memory.
func hostile() map[string]string {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 10))
	}
	return map[string]string{
		"alias bomb":          strings.Replace(bomb, "k: &k", "any: &k", 1),
		"flow nesting":        "any: " + strings.Repeat("[", 20_000),
		"block nesting":       "any:\n " + strings.Repeat("- ", 20_000),
		"mapping nesting":     "any: " + strings.Repeat("{a: ", 20_000),
		"alias in itself":     "any: &a [*a]",
		"wide bomb":           "items: &i [" + strings.Repeat("{query: a},", 4_000) + "]\nany: [*i,*i,*i,*i,*i,*i,*i,*i]",
		"a mebibyte of [":     strings.Repeat("[", MaxSize),
		"a mebibyte of tab":   "name: a\n" + strings.Repeat("\t", MaxSize-10) + "a",
		"a key in every path": "any: {" + strings.Repeat("k", MaxSize/2) + ": [" + strings.Repeat("1,", MaxSize/5) + "]}",
		"keys in every path":  "any: " + strings.Repeat("{"+strings.Repeat("k", MaxKey)+": ", 20) + "[" + strings.Repeat("1,", MaxSize/3) + "]" + strings.Repeat("}", 20),
		"large items":         "wide: [" + strings.Repeat("{},", MaxSize/4) + "]",
		"100 MB":              strings.Repeat("x", 100<<20),
	}
}

// A refusal allocates little: that bounds its work, and unlike the time that it
// takes does not depend on what else the machine does.
func TestHostileIsRefusedCheaply(t *testing.T) {
	const limit = 3 * MaxDecoded
	for name, source := range hostile() {
		data := []byte(source)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, problems := Decode(data, new(sample))
		runtime.ReadMemStats(&after)
		if len(problems) == 0 {
			t.Errorf("%s: accepted", name)
			continue
		}
		if bytes := after.TotalAlloc - before.TotalAlloc; bytes > limit {
			t.Errorf("%s: allocated %d KiB", name, bytes>>10)
		} else {
			t.Logf("%s: %d KiB, %s", name, bytes>>10, problems[0])
		}
	}
}

func TestReadFileIsBounded(t *testing.T) {
	fsys := fstest.MapFS{"big.yml": {Data: make([]byte, 4*MaxSize)}}
	data, err := ReadFile(fsys, "big.yml")
	if err != nil || len(data) != MaxSize+1 {
		t.Errorf("read %d bytes, %v", len(data), err)
	}
	if _, problems := Decode(data, new(sample)); len(problems) != 1 || problems[0].Code != TooLarge {
		t.Errorf("got %v", problems)
	}
}

func TestPrometheusHTTPConfigDecodes(t *testing.T) {
	var got struct {
		URL  config.URL              `yaml:"url"`
		HTTP config.HTTPClientConfig `yaml:"http"`
	}
	_, problems := Decode([]byte("url: http://127.0.0.1:9090\nhttp: {bearer_token_file: token, tls_config: {ca_file: ca.pem}}"), &got)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got.URL.Host != "127.0.0.1:9090" || !got.HTTP.FollowRedirects || got.HTTP.Authorization == nil {
		t.Errorf("got %+v", got)
	}
	_, problems = Decode([]byte("http: {bearer_tokn_file: token}"), &got)
	if len(problems) != 1 || problems[0].Hint != `did you mean "bearer_token_file"?` {
		t.Errorf("got %v", problems)
	}
}

func TestMessagesKeepValuesToThemselves(t *testing.T) {
	for _, source := range []string{"name: a\ncount: hunter2", "name: a\nitems: hunter2", "name: a\non: hunter2", "hunter: [hunter2]\nname: a"} {
		_, problems := Decode([]byte(source), new(sample))
		if len(problems) == 0 || strings.Contains(render(problems), "hunter2") {
			t.Errorf("%q: %v", source, problems)
		}
	}
}
