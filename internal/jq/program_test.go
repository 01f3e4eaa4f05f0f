package jq

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

const body = `{"app":"cart","build":{"sha":"abc123","n":7},"deploys":[{"app":"a"},{"app":"b"}],"ref":"refs/tags/v1.2","nothing":null,"secret":"hunter2","big":12345678901234567890}`

func input(t testing.TB, text string) any {
	t.Helper()
	v, err := Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRun(t *testing.T) {
	in := input(t, body)
	f := func(expression string, want ...any) {
		t.Helper()
		p, err := Compile(expression, "$body")
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			return
		}
		got, err := p.Run(in, in)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v; want %v", expression, got, err, want)
		}
	}
	f(".app", "cart")
	f(".build.sha", "abc123")
	f(".nothing // .app", "cart")
	f(".deploys[].app", "a", "b")
	f("[.deploys[] | .app]", []any{"a", "b"})
	f(`select(.app == "cart") | .app`, "cart")
	f(`select(.app == "x")`)
	f(`.app + "-" + .build.sha`, "cart-abc123")
	f(`"\(.app)/\(.build.n)"`, "cart/7")
	f(`"plain"`, "plain")
	f(`@uri "a/\(.ref)"`, "a/refs%2Ftags%2Fv1.2")
	f(`.ref | ltrimstr("refs/tags/")`, "v1.2")
	f(`.ref | sub("^refs/(tags|heads)/"; "")`, "v1.2")
	f(`.ref | capture("v(?<major>[0-9]+)") | .major`, "1")
	f(`.ref | gsub("/"; "-")`, "refs-tags-v1.2")
	f(`.ref | test("^refs/tags/")`, true)
	f(`.ref | split("/")[-1]`, "v1.2")
	f(`.ref | split("/") | last`, "v1.2")
	f(`[.deploys[].app] | join(",")`, "a,b")
	f(`.deploys | map(.app) | add`, "ab")
	f(`if .build.n > 5 then "big" elif .build.n == 5 then "five" else "small" end`, "big")
	f(`.build | to_entries | map(.key) | sort`, []any{"n", "sha"})
	f(`.build.n * 2 + 1`, 15)
	f(`"ab" * 3`, "ababab")
	f(`.big`, input(t, "12345678901234567890"))
	f(`.big | tostring`, "12345678901234567890")
	f(`.x.y.z`, nil)
	f(`(.app | tonumber)? // "none"`, "none")
	f(`reduce .deploys[] as $d (""; . + $d.app)`, "ab")
	f(`def first_of(f): [f][0]; first_of(.deploys[].app)`, "a")
	f(`"2026-01-02T03:04:05Z" | fromdate`, 1767323045.0)
	f(`{a: .app, (.app): 1}`, map[string]any{"a": "cart", "cart": 1})
	f(`.deploys | sort_by(.app) | .[0].app`, "a")
	f(`[1,2] - [2]`, []any{1})
	f(`$body.app`, "cart")
	f(`.app | ascii_upcase | @base64 | @base64d`, "CART")
	f(`[limit(2; range(10))]`, []any{0, 1})
	f(`"{\"a\":1}" | fromjson | .a`, 1)
	f(`.deploys[0] | keys`, []any{"app"})
	f(`.app | . as $x | [$x, $x]`, []any{"cart", "cart"})
	f(`try error("x") catch "caught"`, "caught")
	f(`def f: .app + "\(.build.n)"; f`, "cart7")
	f(`[.. | .sha? // empty]`, []any{"abc123"})
}

func TestMistakesHaveAPlace(t *testing.T) {
	f := func(expression string, column int, want string) {
		t.Helper()
		_, err := Compile(expression)
		syntax := (*SyntaxError)(nil)
		if !errors.As(err, &syntax) || syntax.Column != column || !strings.Contains(syntax.Reason, want) {
			t.Errorf("%s: %v, want character %d and %q", expression, err, column, want)
		}
	}
	f("", 1, "empty")
	f(".a | ]", 6, "unexpected token")
	f(".a |", 5, "unexpected EOF")
	f("é", 1, "unexpected token")
	f(`.a | "x`, 8, "unterminated")
	f(".a | nosuch(1)", 6, "no function nosuch")
	f(".a | selct(.b)", 6, "did you mean select?")
	f(".now | now", 8, "another one")
	f("env.HOME", 1, "environment")
	f("$ENV.HOME", 1, "environment")
	f(".a | input", 6, "one body")
	f(`import "a" as a; .`, 1, "modules")
	f(`include "a"; .`, 1, "modules")
	f(".a = 1", 4, "assigned")
	f(".a |= 1", 4, "assigned")
	f(".a | test(.b)", 6, "written out")
	f(`.a | test("(")`, 6, "missing closing )")
	f(".a | $x", 6, "variable not defined")
	f(".a | split(1;2;3)", 6, "function not defined")
	f("halt", 1, "no function halt")
	f("@nope", 1, "no format")
	f(strings.Repeat(" ", MaxExpression)+".", 1, "at most")
	_, err := Compile(".a\n| ]")
	if err == nil || !strings.Contains(err.Error(), "line 2, character 3") {
		t.Errorf("%v", err)
	}
}

// What a run costs is counted in bytes, which do not depend on what else the machine does.
func TestBounds(t *testing.T) {
	long := input(t, `{"s":"`+strings.Repeat("x", 1<<20)+`","l":[`+strings.TrimSuffix(strings.Repeat("1,", 300_000), ",")+`]}`)
	const most = 400 << 20
	f := func(expression, want string) {
		t.Helper()
		p, err := Compile(expression, "$body")
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = p.Run(long, long)
		runtime.ReadMemStats(&after)
		bytes := after.TotalAlloc - before.TotalAlloc
		t.Logf("%.60s: %d MiB, %v", expression, bytes>>20, err)
		if bytes > most {
			t.Errorf("%s: allocated %d MiB", expression, bytes>>20)
		}
		if run := (*RunError)(nil); !errors.As(err, &run) || !strings.Contains(run.Reason, want) {
			t.Errorf("%s: %v, want %q", expression, err, want)
		}
	}
	f("range(1e12)", "values")
	f("[range(1e12)]", "steps")
	f("[limit(1e9; repeat(1))]", "steps")
	f("last(repeat(1))", "steps")
	f("def f: 1 + f; f", "steps")
	f("def f: f; f", "steps")
	f("def f: [f]; f", "steps")
	f("def f: {a: f}; f", "steps")
	f("[recurse([.])]", "")
	f(`"x" * 1e9`, "MiB")
	f(`"x" * 1e300`, "MiB")
	f(strings.TrimSuffix(strings.Repeat(".s + .s | {s: .} | ", 30), " | {s: .} | "), "MiB")
	f(`.s`+strings.Repeat(` | "\(.)\(.)"`, 30), "MiB")
	f(`.s`+strings.Repeat(` | tojson`, 30)+` | tojson`, "")
	f(`"\""`+strings.Repeat(` | tojson`, 60), "MiB")
	f(`"\""`+strings.Repeat(` | @json`, 60), "MiB")
	f(`"%"`+strings.Repeat(` | @uri "\(.)\(.)"`, 60), "MiB")
	f(`1`+strings.Repeat(` | [.,.]`, 60), "MiB")
	f(`1`+strings.Repeat(` | [.,.]`, 60)+` | tojson`, "MiB")
	f(`1`+strings.Repeat(` | [.,.]`, 60)+` | . == [1]`, "MiB")
	f(`1`+strings.Repeat(` | [.,.]`, 60)+` | flatten`, "MiB")
	f(`1`+strings.Repeat(` | {a:.,b:.}`, 60)+` | [..]`, "steps")
	f(`[.l[:1000][] | $body.s] | add`, "MiB")
	f(`add(.l[:1000][] | $body.s)`, "MiB")
	f(`[.l[:1000][] | "x"] | join($body.s)`, "MiB")
	f(`[.l[] | ($body | tostring) | length]`, "steps")
	f(`reduce .l[] as $i (""; $body.s + "x")`, "steps")
	f(`[.l[:9000][] | ($body.l == $body.l)]`, "steps")
	f(`[range(1e6) | ("x" * 4e6) | length]`, "steps")
	f(`reduce .l[] as $i ([]; . + [$i])`, "steps")
	f(`.s | gsub("x"; $body.s)`, "regular expression")
	f(`.s | [match("x"; "g")]`, "regular expression")
	f(`.s[:4000] | gsub("x"; $body.s)`, "regular expression")
	f(`.l | contains($body.l)`, "each with each")
	f(`.l - .l`, "each with each")
	f(`.l | sort_by($body)`, "each with each")
	f(`.l | index($body.l)`, "each with each")
	f(`.l[$body.l]`, "each with each")
	f(`.l as [$a] | [.l[] as $x | .l[] as $y | [$x, $y]]`, "steps")
	f(`reduce range(1e9) as $i ("x"; . + .)`, "MiB")
	f(`reduce range(1e9) as $i (2; . * .) | error`, "")
	f(`.s | tonumber`, "regular expression")
	f(`.l | [.[] | 10000000000 | tostring | tonumber]`, "steps")
	f(`until(false; .)`, "steps")
	f(`[while(true; .)]`, "steps")
	f(`label $out | foreach repeat(1) as $i (0; . + 1)`, "values")
}

func TestReasonsKeepTheBodyToThemselves(t *testing.T) {
	in := input(t, body)
	for _, expression := range []string{
		".secret.x", ".secret[0] | error", ".secret | tonumber", ".secret | keys", ".secret[]", "error(.secret)", ".secret + 1", ".secret * .app", ".secret - 1", ".secret / 2",
		".secret | fromjson", ".secret | fromdate", ".secret | has(0)", ".secret | error", "{(.build): 1}", ".app as [$a] | $a",
		".secret | implode?, error", ".secret | .[1:2] | error", "error({a: .secret})", "[.secret] | join(1)", ".deploys[.secret]", ".secret | test(\"x\"; \"q\")", "-.secret",
	} {
		p, err := Compile(expression)
		if err != nil {
			if !strings.Contains(expression, "implode") {
				t.Errorf("%s: %v", expression, err)
			}
			continue
		}
		_, err = p.Run(in)
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "cart") || strings.Contains(err.Error(), "abc") {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		t.Logf("%s: %v", expression, err)
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{".a", `"\(.a)" + .b`, "def f: f; f", "[.[] | select(.x == 1)]", "@uri \"\\(.)\"", ".a as {b: [$c]} | $c", "reduce .[] as $x (0; . + $x)", `sub("a"; "b")`, ".[.a:.b]", "try error catch .", "label $a | break $a", "if . then 1 end", "-(1)", ".a?.b[]?"} {
		f.Add(s, body)
	}
	f.Fuzz(func(t *testing.T, expression, text string) {
		p, err := Compile(expression, "$body")
		if err != nil {
			if fmt.Sprintf("%T", err) != "*jq.SyntaxError" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		in, err := Decode([]byte(text))
		if err != nil {
			return
		}
		if _, err := p.Run(in, in); err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Fatal(err)
		}
	})
}

// docs/mapping.md names every function.
func TestDocsNameEveryFunction(t *testing.T) {
	page, err := os.ReadFile("../../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range functions {
		if name != "true" && name != "false" && name != "null" && !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("%s is not on the page", name)
		}
	}
	// Each exists in gojq, with some number of arguments.
	for name := range functions {
		found := false
		for _, arguments := range []string{"", "(1)", `("a")`, `("a"; "b")`, "(1; 2)", "(1; 2; 3)"} {
			_, err := Compile(name + arguments)
			found = found || err == nil
		}
		if !found {
			t.Errorf("gojq has no %s", name)
		}
	}
}
