package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/expr-lang/expr"
	"go.yaml.in/yaml/v4"
	"k8s.io/client-go/util/jsonpath"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/watch"
)

// The recipes of deploy/ are read here as their tools read them, and ask a real server.

const recipes = "../../deploy/"

func readRecipe(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(recipes + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The states that a version may be in when a tool asks for it.
func storeVersions(p *testServer) {
	p.t.Helper()
	for version, f := range map[string]fixture{
		"good": {state: watch.Healthy}, "rolling": {state: watch.Watching, reason: detector.StillWatching}, "bad": {state: watch.Regressed, grade: detector.Certain},
		"blind": {state: watch.Blind, reason: detector.SourceError}, "unreadable": {state: watch.Watching, reason: detector.SourceError},
	} {
		f.service, f.version, f.ago, f.before, f.after = "cart", version, 10*time.Minute, 0.01, 0.01
		p.mustStore(f)
	}
}

// argoMetric is a metric of an AnalysisTemplate, as far as its web provider reads it.
type argoMetric struct {
	Name                  string `yaml:"name"`
	InitialDelay          string `yaml:"initialDelay"`
	Interval              string `yaml:"interval"`
	Count                 int    `yaml:"count"`
	FailureLimit          int    `yaml:"failureLimit"`
	InconclusiveLimit     int    `yaml:"inconclusiveLimit"`
	ConsecutiveErrorLimit int    `yaml:"consecutiveErrorLimit"`
	SuccessCondition      string `yaml:"successCondition"`
	FailureCondition      string `yaml:"failureCondition"`
	Provider              struct {
		Web struct {
			URL            string              `yaml:"url"`
			Headers        []map[string]string `yaml:"headers"`
			TimeoutSeconds int                 `yaml:"timeoutSeconds"`
			JSONPath       string              `yaml:"jsonPath"`
		} `yaml:"web"`
	} `yaml:"provider"`
}

func argoTemplates(t *testing.T) map[string]argoMetric {
	t.Helper()
	all := map[string]argoMetric{}
	for _, text := range bytes.Split(readRecipe(t, "argorollouts/analysis-templates.yaml"), []byte("\n---\n")) {
		var template struct {
			Kind     string                         `yaml:"kind"`
			Metadata struct{ Name string }          `yaml:"metadata"`
			Spec     struct{ Metrics []argoMetric } `yaml:"spec"`
		}
		if err := yaml.Load(text, &template); err != nil {
			t.Fatal(err)
		}
		if template.Kind != "AnalysisTemplate" || len(template.Spec.Metrics) != 1 {
			t.Fatalf("no AnalysisTemplate with one metric: %+v", template)
		}
		all[template.Metadata.Name] = template.Spec.Metrics[0]
	}
	return all
}

// fill puts arguments in, as Argo Rollouts resolves them: as they are, without escaping.
func fill(text string, args map[string]string) string {
	for name, value := range args {
		text = strings.ReplaceAll(text, "{{args."+name+"}}", value)
	}
	return text
}

// measure is one measurement of the web provider: Successful, Failed, Inconclusive or Error. Any
// answer that is not 2xx is an error, and so is a path that finds nothing.
func (m argoMetric) measure(p *testServer, args map[string]string) string {
	web := m.Provider.Web
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, fill(strings.Replace(web.URL, "https://pushback.example.org", p.URL, 1), args), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, h := range web.Headers {
		r.Header.Set(h["key"], fill(h["value"], args))
	}
	answer, err := p.Client().Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	var data any
	if answer.StatusCode/100 != 2 || json.NewDecoder(answer.Body).Decode(&data) != nil {
		return "Error"
	}
	path := jsonpath.New("metrics")
	if err := path.Parse(web.JSONPath); err != nil {
		p.t.Fatal(err)
	}
	found, err := path.FindResults(data)
	if err != nil || len(found) != 1 || len(found[0]) != 1 {
		return "Error"
	}
	result := found[0][0].Interface()
	success, failure := condition(p.t, m.SuccessCondition, result), condition(p.t, m.FailureCondition, result)
	switch {
	case failure:
		return "Failed"
	case success:
		return "Successful"
	}
	return "Inconclusive"
}

func condition(t *testing.T, text string, result any) bool {
	t.Helper()
	env := map[string]any{"result": result}
	program, err := expr.Compile(text, expr.Env(env), expr.AsBool())
	if err != nil {
		t.Fatal(err)
	}
	is, err := expr.Run(program, env)
	if err != nil {
		t.Fatal(err)
	}
	return is.(bool)
}

// run measures until the metric is decided, as the analysis controller assesses it.
func (m argoMetric) run(p *testServer, args map[string]string) string {
	counts, errors := map[string]int{}, 0
	for n := 0; m.Count == 0 && n < 100 || n < m.Count; n++ {
		phase := m.measure(p, args)
		counts[phase]++
		if errors++; phase != "Error" {
			errors = 0
		}
		switch {
		case counts["Failed"] > m.FailureLimit:
			return "Failed"
		case counts["Inconclusive"] > m.InconclusiveLimit:
			return "Inconclusive"
		case errors > m.ConsecutiveErrorLimit:
			return "Error"
		}
	}
	if m.Count == 0 {
		return "Running"
	}
	return "Successful"
}

func TestArgoRolloutsRecipe(t *testing.T) {
	p := listen(t, func(o *Options) { o.Listen = "0.0.0.0:8484" })
	storeVersions(p)
	templates := argoTemplates(t)
	if names := slices.Sorted(maps.Keys(templates)); !slices.Equal(names, []string{"pushback-canary", "pushback-verdict"}) {
		t.Fatalf("templates %v", names)
	}
	for version, want := range map[string][2]string{
		"good": {"Running", "Successful"}, "rolling": {"Running", "Inconclusive"}, "bad": {"Failed", "Failed"},
		"blind": {"Inconclusive", "Inconclusive"}, "unreadable": {"Inconclusive", "Inconclusive"}, "unreported": {"Inconclusive", "Inconclusive"},
	} {
		args := map[string]string{"service": "cart", "version": version, "environment": "production", "token": token}
		if got := templates["pushback-canary"].run(p, args); got != want[0] {
			t.Errorf("canary of %s: %s, want %s", version, got, want[0])
		}
		if got := templates["pushback-verdict"].run(p, args); got != want[1] {
			t.Errorf("verdict on %s: %s, want %s", version, got, want[1])
		}
	}
	if got := templates["pushback-verdict"].run(p, map[string]string{"service": "cart", "version": "good", "environment": "production", "token": "wrong"}); got != "Error" {
		t.Errorf("with a wrong token: %s", got)
	}
}

// flaggerHook is a webhook of a Canary. A status over 202 is an error for Flagger.
type flaggerHook struct {
	Name, Type, URL, Timeout string
	Metadata                 map[string]string
}

func (h flaggerHook) confirms(p *testServer, name, checksum string) bool {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{"name": name, "namespace": "shop", "phase": "Progressing", "checksum": checksum, "metadata": h.Metadata})
	if err != nil {
		p.t.Fatal(err)
	}
	address, err := url.Parse(h.URL)
	if err != nil {
		p.t.Fatal(err)
	}
	address.Scheme, address.Host = "http", strings.TrimPrefix(p.URL, "http://")
	address.User = url.UserPassword(address.User.Username(), token)
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, address.String(), bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := p.Client().Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode <= 202
}

func TestFlaggerRecipe(t *testing.T) {
	p := listen(t, func(o *Options) { o.Listen = "0.0.0.0:8484" })
	storeVersions(p)
	var canary struct {
		Spec struct {
			Analysis struct{ Webhooks []flaggerHook } `yaml:"analysis"`
		} `yaml:"spec"`
	}
	if err := yaml.Load(readRecipe(t, "flagger/canary.yaml"), &canary); err != nil {
		t.Fatal(err)
	}
	hooks := map[string]flaggerHook{}
	for _, h := range canary.Spec.Analysis.Webhooks {
		hooks[h.Type] = h
	}
	if len(hooks) != 3 || !hooks["confirm-rollout"].confirms(p, "cart", "abc") {
		t.Errorf("the gate is open: %+v", hooks)
	}
	for version, want := range map[string][2]bool{ // promoted, rolled back
		"good": {true, false}, "rolling": {true, false}, "bad": {false, true},
		"blind": {false, false}, "unreadable": {false, false}, "unreported": {false, false},
	} {
		for kind, want := range map[string]bool{"confirm-promotion": want[0], "rollback": want[1]} {
			h := hooks[kind]
			h.Metadata = maps.Clone(h.Metadata)
			h.Metadata["version"] = version
			if h.confirms(p, "cart", "abc") != want {
				t.Errorf("%s of %s: want %v", kind, version, want)
			}
			delete(h.Metadata, "version")
			if h.confirms(p, "cart", version) != want {
				t.Errorf("%s of %s by its checksum: want %v", kind, version, want)
			}
		}
	}
}

// spinnakerStage is a webhook stage, as far as its monitor reads it.
type spinnakerStage struct {
	Type, Method, URL                                   string
	CustomHeaders                                       map[string][]string
	WaitForCompletion                                   bool
	StatusURLResolution                                 string `json:"statusUrlResolution"`
	StatusJSONPath                                      string `json:"statusJsonPath"`
	ProgressJSONPath                                    string `json:"progressJsonPath"`
	SuccessStatuses, CanceledStatuses, TerminalStatuses string
}

// monitor is one poll of the stage. A 4xx ends it, and so does a path that finds no text; a status
// of none of the lists means that it still runs.
func (s spinnakerStage) monitor(p *testServer, version string) (status, progress string) {
	p.t.Helper()
	values := strings.NewReplacer("https://pushback.example.org", p.URL, "${parameters.service}", "cart", "${parameters.version}", version, "${parameters.pushbackToken}", token)
	answer, body, _ := p.ask(s.Method, strings.TrimPrefix(values.Replace(s.URL), p.URL), "", "Authorization", values.Replace(s.CustomHeaders["Authorization"][0]))
	if answer != http.StatusOK {
		return "TERMINAL", fmt.Sprint(answer)
	}
	read := func(path string) string {
		var fields map[string]any
		if err := json.Unmarshal([]byte(body), &fields); err != nil {
			p.t.Fatal(err)
		}
		text, ok := fields[strings.TrimPrefix(path, "$.")].(string)
		if !ok {
			p.t.Errorf("%s finds no text in %s", path, body)
		}
		return text
	}
	for status, list := range map[string]string{"SUCCEEDED": s.SuccessStatuses, "CANCELED": s.CanceledStatuses, "TERMINAL": s.TerminalStatuses} {
		for of := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(of), read(s.StatusJSONPath)) {
				return status, read(s.ProgressJSONPath)
			}
		}
	}
	return "RUNNING", read(s.ProgressJSONPath)
}

func TestSpinnakerRecipe(t *testing.T) {
	p := listen(t, func(o *Options) { o.Listen = "0.0.0.0:8484" })
	storeVersions(p)
	var s spinnakerStage
	if err := json.Unmarshal(readRecipe(t, "spinnaker/stage.json"), &s); err != nil {
		t.Fatal(err)
	}
	if s.Type != "webhook" || !s.WaitForCompletion || s.StatusURLResolution != "getMethod" || s.Method != http.MethodGet {
		t.Errorf("not a stage that asks its own address: %+v", s)
	}
	for version, want := range map[string]string{
		"good": "SUCCEEDED", "rolling": "RUNNING", "bad": "TERMINAL", "blind": "TERMINAL", "unreadable": "RUNNING", "unreported": "RUNNING",
	} {
		if got, progress := s.monitor(p, version); got != want || progress == "" {
			t.Errorf("%s: %s %q, want %s", version, got, progress, want)
		}
	}
}
