//go:build integration

package main_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/pushback/pushback/internal/proof/docblocks"
)

// checkYAML checks a rule or a part of pushback.yml with the program. YAML of another tool can
// only be parsed, and the addresses in it must be some of the daemon.
func (r *reader) checkYAML(b docblocks.Block, notRun bool) string {
	r.t.Helper()
	var top any
	if err := yaml.Unmarshal([]byte(b.Text), &top); err != nil {
		r.t.Errorf("%s: %v", r.at, err)
	}
	keys, _ := top.(map[string]any)
	dir := filepath.Join("yaml", fmt.Sprint(b.Line))
	switch {
	case notRun:
		r.askAddresses(b.Text)
		return "YAML of other tools parsed"
	case within(keys, map[string]any{"team": 0, "rules": 0, "defaults": 0}):
		r.write(dir+"/rules/rules.yml", b.Text)
		r.writeSettings(dir, r.settings)
		r.must("pushback rules check -c "+dir+"/pushback.yml --rules "+dir+"/rules", 0)
		return "rules checked"
	case within(keys, r.world.settings):
		r.settings = keys
		if keys["sources"] != nil {
			r.sources = map[string]any{"sources": keys["sources"]}
		}
		r.write(dir+"/rules/none.yml", "rules: []\n")
		r.writeSettings(dir, keys)
		r.must("pushback config check -c "+dir+"/pushback.yml", 0)
		return "settings checked"
	}
	r.t.Errorf("%s: this is no rule and no pushback.yml: write <!-- not run: why --> before it", r.at)
	return "YAML of other tools parsed"
}

// within reports whether there are keys, and all are known.
func within(keys, known map[string]any) bool {
	for key := range keys {
		if _, has := known[key]; !has {
			return false
		}
	}
	return len(keys) > 0
}

// writeSettings writes the smallest pushback.yml that has the keys and is valid.
func (r *reader) writeSettings(dir string, keys map[string]any) {
	r.t.Helper()
	whole := map[string]any{
		"metrics":           map[string]any{"prod": map[string]any{"kind": "prometheus", "url": "http://127.0.0.1:9090"}},
		"allow_empty_rules": true,
	}
	maps.Copy(whole, r.sources)
	maps.Copy(whole, keys)
	receivers := map[string]any{"oncall": map[string]any{"kind": "webhook", "url": "http://127.0.0.1:9/", "secret_file": "secret"}}
	if shown, ok := keys["receivers"].(map[string]any); ok {
		maps.Copy(receivers, shown)
	}
	whole["receivers"] = receivers
	services, _ := whole["services"].(map[string]any)
	services = maps.Clone(services)
	if services == nil {
		services = map[string]any{}
	}
	services["default"] = map[string]any{"pager": "oncall", "chat": "oncall"}
	whole["services"] = services
	text, err := yaml.Marshal(whole)
	if err != nil {
		r.t.Fatal(err)
	}
	r.write(dir+"/pushback.yml", string(text))
	for _, file := range secretFile.FindAllString(string(text), -1) {
		r.write(dir+"/"+file, cmp.Or(secretsOf[file], hookSecret)+"\n")
	}
	r.write(dir+"/token", apiToken+"\n")
	r.write(dir+"/secret", hookSecret+"\n")
	r.write(dir+"/series/README", "CSV files of a service each\n")
}

// secretsOf are secrets that have a form.
var secretsOf = map[string]string{
	"secrets/ntfy":      "ntfy://:tk_" + hookSecret + "@ntfy.example.org/alarms",
	"secrets/teams":     "https://example.org/workflows/" + hookSecret,
	"secrets/slack":     "https://hooks.example.org/services/" + hookSecret,
	"secrets/slack-bot": "xoxb-" + hookSecret,
}

// secretFile is a file of a secret, as pages name them.
var secretFile = regexp.MustCompile(`\bsecrets/[\w.-]+`)

// address is one of Pushback in the YAML of another tool.
var address = regexp.MustCompile(`https://(?:pushback:TOKEN@)?pushback\.example\.org(/[^\s"]+)`)

// askAddresses checks that the daemon serves the addresses.
func (r *reader) askAddresses(text string) {
	r.t.Helper()
	for _, found := range address.FindAllStringSubmatch(text, -1) {
		if status := get(r.t, r.url, found[1], "", apiToken); status == http.StatusNotFound {
			r.t.Errorf("%s: nothing is served at %s", r.at, found[1])
		}
	}
}

// checkJSON compares a document with a real one: every key that it shows must be there.
func (r *reader) checkJSON(b docblocks.Block, notRun bool) string {
	r.t.Helper()
	var shown any
	if err := json.NewDecoder(strings.NewReader(b.Text)).Decode(&shown); err != nil {
		r.t.Errorf("%s: %v", r.at, err)
	}
	var real string
	switch {
	case notRun:
		return "JSON parsed"
	case b.Markers[docblocks.File] != "":
		return "files written for commands"
	case b.Markers[docblocks.AnswerOf] != "":
		real = r.answer(b.Markers[docblocks.AnswerOf])
	case b.Markers[docblocks.OutputOf] != "":
		real = r.must(b.Markers[docblocks.OutputOf], 0)
	case b.Markers[docblocks.Like] != "":
		real = r.world.document(r.t, b.Markers[docblocks.Like])
	default:
		r.t.Errorf("%s: nothing says what this JSON is like: write <!-- answer of: /v1/… --> before it", r.at)
	}
	var got any
	if err := json.NewDecoder(strings.NewReader(real)).Decode(&got); err != nil {
		r.t.Errorf("%s: the real document: %v\n%s", r.at, err, real)
	}
	for _, lack := range lacking("", shown, got) {
		r.t.Errorf("%s: %s\n%s", r.at, lack, real)
	}
	return "JSON compared"
}

// lacking lists what a document shows and the real one has not. "…" stands for more keys.
func lacking(at string, shown, real any) (all []string) {
	switch s := shown.(type) {
	case map[string]any:
		r, _ := real.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(s)) {
			if _, has := r[key]; !has && key != "…" {
				all = append(all, at+"."+key+" is not in the real document")
			} else if key != "…" {
				all = append(all, lacking(at+"."+key, s[key], r[key])...)
			}
		}
	case []any:
		r, _ := real.([]any)
		if len(r) == 0 {
			return []string{at + " is empty in the real document"}
		}
		return lacking(at+"[0]", s[0], r[0])
	default:
		if fmt.Sprintf("%T", shown) != fmt.Sprintf("%T", real) {
			all = append(all, fmt.Sprintf("%s: %T is shown, %T is real", at, shown, real))
		}
	}
	return all
}

// answer is the body that the daemon answers a GET with, whatever the status.
func (r *reader) answer(path string) string {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(body)
}

var (
	number = regexp.MustCompile(`\d+(?:\.\d+)?(?:e[-+]?\d+)?`)
	bars   = regexp.MustCompile(`[▁▂▃▄▅▆▇█]+`)
	earned = regexp.MustCompile(`(observe|ask|act): false (pages|rollbacks)`) // depends on how many placebos there are
	spaces = regexp.MustCompile(`[ \t]+`)
)

// alike is a line in which numbers, plots and widths do not matter.
func alike(line string) string {
	line = bars.ReplaceAllString(number.ReplaceAllString(line, "0"), "▁")
	line = earned.ReplaceAllString(line, "observe: false pages")
	return strings.TrimSpace(spaces.ReplaceAllString(line, " "))
}

// compareLines checks that every line that a page shows as output was printed, in this order.
// "…" stands for anything.
func (r *reader) compareLines(out, shown string) {
	r.t.Helper()
	printed := strings.Split(out, "\n")
	for line := range strings.Lines(shown) {
		parts := strings.Split(alike(line), "…")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		form := regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
		at := slices.IndexFunc(printed, func(p string) bool { return form.MatchString(alike(p)) })
		if at < 0 {
			r.t.Errorf("%s: this line was not printed, or not here: %s\n%s", r.at, line, out)
			return
		}
		if form.String() != "^.*$" {
			printed = printed[at+1:]
		}
	}
}

// followSpan checks a command within a sentence: that it exists, with its flags, and of curl
// what is answered.
func (r *reader) followSpan(text string) string {
	r.t.Helper()
	switch {
	case strings.HasPrefix(text, "pushback "):
		text = regexp.MustCompile(`<[a-z]+>`).ReplaceAllString(text, "x")
		if _, complaints, code := r.bash(r.names.Replace(text) + " --help"); code != 0 {
			r.t.Errorf("%s: `%s`: %s", r.at, text, complaints)
		}
		return "commands within sentences found in --help"
	case strings.HasPrefix(text, "curl ") && strings.Contains(text, "/v1/"):
		r.must("PUSHBACK="+r.url+"\nTOKEN=$(head -n 1 token)\n"+text, 0)
		return "curl within sentences run"
	case operation.MatchString(text):
		if !strings.Contains(r.operations(), variable.ReplaceAllString(text, "{}")+"\n") {
			r.t.Errorf("%s: `%s` is not in /openapi.json", r.at, text)
		}
		return "addresses within sentences found in /openapi.json"
	}
	return ""
}

// operation is a method and an address of the API, with the names of variables.
var (
	operation = regexp.MustCompile(`^(GET|POST|PUT|DELETE) /v1/[^ ?]+$`)
	variable  = regexp.MustCompile(`\{\w+\}`)
)

// operations are those of the daemon's OpenAPI document, one a line.
func (r *reader) operations() string {
	r.t.Helper()
	var document struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(r.answer("/openapi.json")), &document); err != nil {
		r.t.Fatal(err)
	}
	var all strings.Builder
	for path, methods := range document.Paths {
		for method := range methods {
			fmt.Fprintf(&all, "%s %s\n", strings.ToUpper(method), variable.ReplaceAllString(path, "{}"))
		}
	}
	return all.String()
}

// settingsKeys are the keys that pushback.yml may have: docs/pushback.yml shows them all.
func settingsKeys() (map[string]any, error) {
	text, err := os.ReadFile("../../docs/pushback.yml")
	if err != nil {
		return nil, err
	}
	var keys map[string]any
	return keys, yaml.Unmarshal(text, &keys)
}
