package migrate

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

// files are examples in the forms of the tools' documentation.
var files = []string{"argo.yaml", "flagger.yaml", "kayenta.json"}

func TestTheNearestRule(t *testing.T) {
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Convert(data, Options{Team: "shop"})
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", file+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
			if _, found := rules.Load(fsOf(got), rules.World{}); len(found) > 0 {
				t.Errorf("it does not load: %v", found)
			}
		})
	}
}

// A List is how kubectl writes several objects; it gives the rules of its items.
func TestAListIsItsItems(t *testing.T) {
	const canary = `{kind: Canary, metadata: {name: %s}, spec: {analysis: {metrics: [{name: latency, templateRef: {name: p99}, thresholdRange: {max: 500}}]}}}`
	const template = `{kind: MetricTemplate, metadata: {name: p99}, spec: {provider: {type: prometheus}, query: 'max(latency{app="{{ target }}"})'}}`
	apart, err := Convert([]byte(fmt.Sprintf(canary+"\n---\n"+canary+"\n---\n"+template, "a", "b")), Options{Team: "shop"})
	if err != nil || strings.Count(apart, "- name: 'latency'") != 2 {
		t.Fatalf("%v\n%s", err, apart)
	}
	listed, err := Convert([]byte(fmt.Sprintf("{apiVersion: v1, kind: List, items: ["+canary+", "+canary+", "+template+"]}", "a", "b")), Options{Team: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(apart, listed); diff != "" {
		t.Error(diff)
	}
	many := "{kind: List, items: [" + strings.Repeat(template+", ", maxDocuments+1) + "]}"
	if _, err := Convert([]byte(many), Options{Team: "shop"}); err == nil || !strings.Contains(err.Error(), "more than 100 documents") {
		t.Errorf("%v", err)
	}
	for _, odd := range []string{"{kind: List}", "{kind: List, items: 3}", "{kind: List, items: [null, 1, {kind: List}]}"} {
		if _, err := Convert([]byte(odd), Options{Team: "shop"}); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", odd, err)
		}
	}
}

func TestConditions(t *testing.T) {
	f := func(text string, read func(string) (threshold, bool), want threshold, ok bool) {
		t.Helper()
		if got, held := read(text); held != ok || ok && got != want {
			t.Errorf("%s: %+v, %v", text, got, held)
		}
	}
	f("result[0] >= 0.95", parseSuccess, threshold{0.95, true}, true)
	f("result <= 1e3", parseSuccess, threshold{1000, false}, true)
	f("isNaN(result[0]) || result[0] < 5", parseSuccess, threshold{5, false}, true)
	f("default(result, 0) < 0.05", parseSuccess, threshold{0.05, false}, true)
	f("result[0] > 0.8", parseFailure, threshold{0.8, false}, true)
	f("result[0] < 0.8", parseFailure, threshold{0.8, true}, true)
	f("result[0] == 1", parseSuccess, threshold{}, false)
	f("result[0] > 1 && result[0] < 3", parseSuccess, threshold{}, false)
	f("all(result, # < 5)", parseSuccess, threshold{}, false)
}

func TestWhatCannotBeCarriedOver(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, err := Convert([]byte(text), Options{Team: "shop"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\n%s", text, err, got)
		}
	}
	f("kind: AnalysisTemplate\nspec: {metrics: [{name: a, provider: {web: {url: x}}}]}", "nothing in this file can be carried over")
	f("kind: AnalysisTemplate\nspec: {metrics: [{name: a, provider: {web: {url: x}}}]}", "# a could not be carried over: its provider is web")
	f("a: [", "the file is not YAML")
	f(strings.Repeat("# \n", 1<<19), "larger than")
	f(strings.Repeat("[", 100), "the file is not YAML")
	f(strings.Repeat("---\na: 1\n", 200), "more than 100 documents")
	f("kind: Canary\nspec: 5", "read the Canary")
	if _, err := Convert([]byte("kind: Deployment"), Options{Team: "shop"}); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

// TestAnAliasBombIsRefused checks that nine levels of ten aliases each are refused
// without being expanded.
func TestAnAliasBombIsRefused(t *testing.T) {
	text := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'i'; c++ {
		text += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 10) + "]\n"
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Convert([]byte(text+"kind: Canary\nspec: {analysis: {metrics: [], webhooks: *i}}"), Options{Team: "shop"})
	runtime.ReadMemStats(&after)
	if bytes := after.TotalAlloc - before.TotalAlloc; err == nil || bytes > 64<<20 {
		t.Errorf("%v for %d KiB", err, bytes>>10)
	}
}

func FuzzConvert(f *testing.F) {
	f.Add([]byte("{kind: List, items: [{kind: Canary, metadata: {name: a}, spec: {analysis: {metrics: [{name: request-duration, thresholdRange: {max: 5}}]}}}, &a [*a]]}"))
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("kind: AnalysisTemplate\nmetadata: {name: \"a\\nb: c\"}\nspec: {metrics: [{name: \"x\\ny\", provider: {prometheus: {query: \"up # \\n\"}}}]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := Convert(data, Options{Team: "shop"})
		if err != nil {
			if strings.Contains(err.Error(), "please report it") {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		if _, found := rules.Load(fsOf(text), rules.World{}); len(found) > 0 {
			t.Errorf("%q does not load: %v", text, found)
		}
	})
}
