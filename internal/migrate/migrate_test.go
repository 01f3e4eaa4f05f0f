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

// examples are inputs in the forms of the tools' documentation, with what their author would say on
// the command line.
var examples = []struct {
	file    string
	options Options
}{
	{"argo.yaml", Options{Args: map[string]string{"service-name": "$service"}}},
	{"nested.yaml", Options{Args: map[string]string{"service-name": "$service"}}},
	{"hashes.yaml", Options{}},
	{"rollout.yaml", Options{Stores: map[string]string{"http://prom:9090": "prod"}}},
	{"flagger.yaml", Options{}},
	{"namespaces.yaml", Options{Stores: map[string]string{"http://prom-bank": "bank"}}},
	{"kayenta.json", Options{Args: map[string]string{"scope": "$service"}}},
}

func exampleFile(t testing.TB, name string) File {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return File{Name: name, Data: data}
}

func TestExamples(t *testing.T) {
	for _, e := range examples {
		t.Run(e.file, func(t *testing.T) {
			e.options.Team = "shop"
			got, err := Convert([]File{exampleFile(t, e.file)}, e.options)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", e.file+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got.Rules), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.Rules); diff != "" {
				t.Error(diff)
			}
			if _, found := rules.Load(fsOf(got.Rules), rules.World{}); len(found) > 0 && got.Summary.Converted > 0 {
				t.Errorf("it does not load: %v", found)
			}
			if strings.Contains(got.Rules, "s3cr3t") || strings.Contains(got.Rules, "secret-tenant") {
				t.Error("the value of a header is shown")
			}
		})
	}
}

// convert converts one text whose argument service is the service.
func convert(text string) (Result, error) {
	return Convert([]File{{Name: "in.yaml", Data: []byte(text)}}, Options{Team: "shop", Args: map[string]string{"service": "$service"}})
}

// A List is how kubectl writes several objects; it gives the rules of its items.
func TestAListIsItsItems(t *testing.T) {
	const canary = `{kind: Canary, metadata: {name: %s}, spec: {targetRef: {name: %[1]s}, analysis: {metrics: [{name: latency, interval: 1m, templateRef: {name: p99}, thresholdRange: {max: 500}}]}}}`
	const template = `{kind: MetricTemplate, metadata: {name: p99}, spec: {provider: {type: prometheus}, query: 'max(latency{app="{{ target }}"})'}}`
	for _, text := range []string{
		fmt.Sprintf(canary+"\n---\n"+canary+"\n---\n"+template, "a", "b"),
		fmt.Sprintf("{apiVersion: v1, kind: List, items: ["+canary+", "+canary+", "+template+"]}", "a", "b"),
		fmt.Sprintf("{apiVersion: v1, kind: CanaryList, metadata: {}, items: ["+canary+", "+canary+", "+template+"]}", "a", "b"),
	} {
		got, err := convert(text)
		if err != nil || strings.Count(got.Rules, "- name: 'latency'") != 2 || got.Summary.Left != 0 {
			t.Fatalf("%v\n%s", err, got.Rules)
		}
	}
	many := "{kind: List, items: [" + strings.Repeat(template+", ", maxDocuments+1) + "]}"
	if _, err := convert(many); err == nil || !strings.Contains(err.Error(), "more than 100 documents") {
		t.Errorf("%v", err)
	}
	for _, odd := range []string{"{kind: List}", "{kind: List, items: 3}", "{kind: List, items: [null, 1, {kind: List}]}", "", "null", "3", "kind: Deployment"} {
		if _, err := convert(odd); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", odd, err)
		}
	}
}

// Objects of several files are one configuration.
func TestFilesAreReadTogether(t *testing.T) {
	got, err := Convert([]File{
		{Name: "canary.yaml", Data: []byte("{kind: Canary, metadata: {name: a}, spec: {targetRef: {name: a}, analysis: {metrics: [{name: m, templateRef: {name: t}, threshold: 5}]}}}")},
		{Name: "page.md", Line: 40, Data: []byte("kind: MetricTemplate\nmetadata: {name: t}\nspec:\n  provider: {type: prometheus}\n  query: max(x)\n  odd: 1\n")},
	}, Options{Team: "shop"})
	if err != nil || got.Summary.Converted != 1 {
		t.Fatalf("%v\n%s", err, got.Rules)
	}
	if len(got.Left) != 1 || got.Left[0].File != "page.md" || got.Left[0].Line != 45 || got.Left[0].Path != "spec.odd" {
		t.Errorf("%+v", got.Left)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got, err := convert(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v\n%s", text, err, got.Rules)
		}
	}
	f("a: [", "in.yaml: the file is not YAML")
	f(strings.Repeat("# \n", 1<<19), "larger than")
	f(strings.Repeat("[", 100), "the file is not YAML")
	f(strings.Repeat("---\na: 1\n", 200), "more than 100 documents")
	f("kind: Canary\nspec: {analysis: {metrics: [{name: a}], webhooks: ["+strings.Repeat("{a: 1},", 6000)+"]}}", "more than 5000 keys")
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
	_, err := convert(text + "kind: Canary\nspec: {analysis: {metrics: [], webhooks: *i}}")
	runtime.ReadMemStats(&after)
	if bytes := after.TotalAlloc - before.TotalAlloc; err == nil || bytes > 128<<20 {
		t.Errorf("%v for %d KiB", err, bytes>>10)
	}
}

// Anchors and merge keys are what they stand for.
func TestAliasesAreExpanded(t *testing.T) {
	got, err := convert(`
kind: AnalysisTemplate
metadata: {name: a}
spec:
  metrics:
    - &base {name: one, successCondition: 'result[0] < 5', provider: {prometheus: {query: 'max(x{s="{{args.service}}"})'}}}
    - {<<: *base, name: two}
`)
	if err != nil || got.Summary.Converted != 2 || got.Summary.Left != 0 || !strings.Contains(got.Rules, "- name: 'two'") {
		t.Errorf("%v\n%s", err, got.Rules)
	}
}

// A time that a rule cannot have is not cut without a word.
func TestTimesThatARuleCannotHave(t *testing.T) {
	f := func(times, left, written string) {
		t.Helper()
		got, err := convert("kind: AnalysisTemplate\nmetadata: {name: a}\nspec: {metrics: [{name: m, " + times + ", successCondition: 'result[0] < 5', provider: {prometheus: {query: max(x)}}}]}")
		if err != nil || !strings.Contains(got.Rules, left) || !strings.Contains(got.Rules, written) {
			t.Errorf("%s: %v\n%s", times, err, got.Rules)
		}
	}
	f("interval: 1h, count: 200", "bake: 200h0m0s, and a rule's goes from 10s to 1w in whole seconds", "    bake: 1w\n")
	f("interval: 500ms", "every: 500ms, and a rule's goes from 1s to 30m", "    every: 1s\n")
}

// Names that were made different stay different from those that look like it.
func TestNamesAreDifferent(t *testing.T) {
	const one = "{name: %s, successCondition: 'result[0] < 5', provider: {prometheus: {query: max(x), address: 'http://%s'}}}"
	var b strings.Builder
	for _, name := range []string{"a", "a", "a-2", "a-bank"} {
		fmt.Fprintf(&b, "---\nkind: AnalysisTemplate\nmetadata: {name: "+name+", namespace: n%d}\nspec: {metrics: ["+one+", "+one+", "+one+", "+one+"]}\n", b.Len(), "m", "x", "m", "x", "m-2", "x", "m", "bank")
	}
	o := Options{Team: "shop", Stores: map[string]string{"http://bank": "bank", "http://long": strings.Repeat("l", 200)}}
	got, err := Convert([]File{{Name: "in", Data: []byte(b.String())}}, o)
	if err != nil || got.Summary.Converted != 16 {
		t.Errorf("%v\n%s", err, got.Rules)
	}
	long := strings.Repeat("n", 100)
	text := fmt.Sprintf("kind: AnalysisTemplate\nmetadata: {name: %s}\nspec: {metrics: ["+one+", "+one+"]}\n", long, long, "x", long, "long")
	text = strings.ReplaceAll(text, "successCondition: 'result[0] < 5'", "successCondition: 'result[0] < 5 && result[0] > 2', failureCondition: 'result[0] > 9'")
	if got, err = Convert([]File{{Name: "in", Data: []byte(text + "---\n" + text)}}, o); err != nil || got.Summary.Converted != 4 {
		t.Errorf("%v\n%s", err, got.Rules)
	}
}

func FuzzConvert(f *testing.F) {
	f.Add([]byte("{kind: List, items: [{kind: Canary, metadata: {name: a}, spec: {analysis: {metrics: [{name: request-duration, thresholdRange: {max: 5}}]}}}, &a [*a]]}"))
	for _, e := range examples {
		f.Add(exampleFile(f, e.file).Data)
	}
	f.Add([]byte("kind: AnalysisTemplate\nmetadata: {name: \"a\\nb: c\"}\nspec: {metrics: [{name: \"x\\ny\", failureCondition: 'result[0] > 3', provider: {prometheus: {query: \"up # \\n\"}}}]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Convert([]File{{Name: "in", Data: data}}, Options{Team: "shop", Mesh: "istio", Args: map[string]string{"service-name": "$service", "scope": "$service"}})
		if err != nil {
			if strings.Contains(err.Error(), "please report it") {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		if _, found := rules.Load(fsOf(got.Rules), rules.World{}); len(found) > 0 && got.Summary.Converted > 0 {
			t.Errorf("%q does not load: %v", got.Rules, found)
		}
	})
}
