package dashboards

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

var variableUse = regexp.MustCompile(`\$(\w+)`)

type alertFile struct {
	Groups []struct {
		Rules []struct {
			Alert       string            `json:"alert"`
			Expr        string            `json:"expr"`
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"rules"`
	} `json:"groups"`
}

// TestAlerts reads deploy/alerts.yml: each asks for metrics that are made, says how bad it is, what it means, and is
// tried by deploy/alerts.test.yml or by the page about troubles.
func TestAlerts(t *testing.T) {
	text, err := os.ReadFile("../deploy/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	troubles, err := os.ReadFile("../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	var all alertFile
	if err := yaml.Unmarshal(text, &all); err != nil || len(all.Groups) == 0 {
		t.Fatal(err)
	}
	known := metricNames(t, "..")
	known["up"] = true
	for _, r := range all.Groups[0].Rules {
		for metric := range selected(parse(t, r.Expr)) {
			if !known[metric] && !known[strings.TrimSuffix(strings.TrimSuffix(metric, "_sum"), "_count")] {
				t.Errorf("%s asks for %s, which nothing makes", r.Alert, metric)
			}
		}
		if r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s: %v, %v", r.Alert, r.Labels, r.Annotations)
		}
		if !strings.Contains(string(troubles), "`"+r.Alert+"`") {
			t.Errorf("docs/troubleshooting.md does not say what to do about %s", r.Alert)
		}
	}
}

// TestVariables: what a panel or an annotation asks by is a variable of its board, and what lists its values is a metric.
func TestVariables(t *testing.T) {
	known := metricNames(t, "..")
	for name, b := range boards(t) {
		declared := map[string]bool{"__rate_interval": true}
		for _, v := range b.Templating.List {
			declared[v.Name] = true
			metric, listed := strings.CutPrefix(v.Query, "label_values(")
			if metric, _, _ = strings.Cut(metric, ","); listed && !known[metric] {
				t.Errorf("%s: %s lists values of %s, which nothing makes", name, v.Name, metric)
			}
		}
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				checkVariables(t, name, q.Expr+" "+q.Legend, declared)
			}
		}
		checkVariables(t, name, strings.Join(b.Annotations.List[0].Target.Tags, " "), declared)
	}
}

func checkVariables(t *testing.T, name, text string, declared map[string]bool) {
	t.Helper()
	for _, m := range variableUse.FindAllStringSubmatch(text, -1) {
		if !declared[m[1]] {
			t.Errorf("%s: %q uses $%s, which is no variable of the board", name, text, m[1])
		}
	}
}
