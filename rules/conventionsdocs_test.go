package rules

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/sources"
)

const (
	conventionsBegin = "<!-- generated from rules/library/conventions by make generate -->\n"
	conventionsEnd   = "<!-- end of what is generated -->\n"
)

// TestTheLibraryPageListsTheConventions compares the table of docs/library.md with the
// conventions. With -update, which make generate gives, it writes the table.
func TestTheLibraryPageListsTheConventions(t *testing.T) {
	const page = "../docs/library.md"
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), conventionsBegin)
	_, after, ended := strings.Cut(rest, conventionsEnd)
	if !found || !ended {
		t.Fatalf("%s has no place for the table", page)
	}
	want := before + conventionsBegin + conventionsTable() + conventionsEnd + after
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil { //nolint:gosec // a page of the documentation
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("make generate: %s", diff)
	}
}

func conventionsTable() string {
	var b strings.Builder
	b.WriteString("\n| software | is recognised by | rule |\n|---|---|---|\n")
	for _, c := range Conventions() {
		by := c.By
		if c.Source != "" {
			by = fmt.Sprintf("[%s](%s)", c.By, c.Source)
		}
		fmt.Fprintf(&b, "| %s | `%s` | `%s` |\n", by, strings.Join(c.Metrics, "`, `"), c.Library)
	}
	b.WriteString("\n")
	return b.String()
}

// TestConventions: every set is in the order of preference, its names are unique, and a rule of
// the library reads it.
func TestConventions(t *testing.T) {
	if len(conventionFiles()) != len(conventionSets) {
		t.Errorf("%d files, and %d sets in order", len(conventionFiles()), len(conventionSets))
	}
	names := map[string]bool{}
	for _, c := range Conventions() {
		if id := c.Set + "/" + c.Name; names[id] {
			t.Errorf("%s is there twice", id)
		} else {
			names[id] = true
		}
		if _, found := library()[c.Library]; !found {
			t.Errorf("%s: there is no %s", c.Name, c.Library)
		}
		if len(c.Signals) == 0 || len(c.Metrics) == 0 || c.By == "" {
			t.Errorf("%+v", c)
		}
	}
}

// TestOneConventionAlone: a third part of the key selects one convention.
func TestOneConventionAlone(t *testing.T) {
	b := bound(t, `{name: e, conventions: http/errors/micrometer}`, "")
	s, _ := b.rule.signal("e")
	if len(s.AnyOf) != 2 || s.AnyOf[0].Counter != `http_server_requests_seconds_count{$match}` {
		t.Errorf("%+v", s.AnyOf)
	}
}

// answered has an answer for the probes of some forms.
func answered(probes []Probe, have []Question) map[Probe][]sources.Series {
	answers := map[Probe][]sources.Series{}
	for _, p := range probes {
		if slices.Contains(have, p.Form) {
			answers[p] = []sources.Series{{Labels: map[string]string{"le": "0.5"}, Samples: []sources.Sample{{V: 1}}}}
		}
	}
	return answers
}

// TestASummaryIsJudgedByItsMean, where a histogram that shows slow events is preferred.
func TestASummaryIsJudgedByItsMean(t *testing.T) {
	f := func(signal string, have []Question, want ...string) {
		t.Helper()
		b := bound(t, signal, "")
		probes, err := b.Probes(0, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := b.Resolve(answered(probes, have), 0)
		var got []string
		for _, s := range b.Plan(r).Signals {
			got = append(got, s.Name+" "+s.Unit)
		}
		inputs, err := b.Inputs(r)
		if diff := cmp.Diff(want, got); diff != "" || err != nil || len(inputs) != len(want) {
			t.Errorf("%s%v, %d inputs", diff, err, len(inputs))
		}
	}
	f(`{name: l, histogram: 'took_seconds{$match}'}`, []Question{Mean}, "l.mean seconds")
	f(`{name: l, histogram: 'took_seconds{$match}'}`, []Question{Mean, Edges}, "l.mean seconds", "l.slow fraction")
	f(`{name: l, histogram: 'took{$match}', unit: microseconds}`, []Question{Mean}, "l.mean microseconds")
	f(`{name: l, any_of: [{histogram: 'a_ms{$match}'}, {kind: mean, query: 'avg(b{$match})'}]}`, []Question{HasData}, "l.mean seconds")
}
