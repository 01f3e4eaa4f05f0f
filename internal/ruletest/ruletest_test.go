package ruletest

import (
	"bytes"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

// suite parses a file of testdata and runs it against red.yml.
func suite(t *testing.T, file string) Report {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	s, found := Parse(file, data)
	if len(found) > 0 {
		t.Fatal(found)
	}
	set, found := rules.LoadFiles(os.DirFS("testdata"), []string{"red.yml"}, rules.World{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	stopped := func() time.Time { return Start }
	report, err := s.Run(t.Context(), set, func(string) bool { return true }, stopped)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestGoodTestsPass(t *testing.T) {
	report := suite(t, "red_test.yml")
	if len(report.Tests) != 8 || report.Failed() > 0 {
		var b bytes.Buffer
		_ = Text(&b, report, false)
		t.Errorf("%d tests\n%s", len(report.Tests), b.String())
	}
}

func TestFailuresAreShownAsADiff(t *testing.T) {
	report := suite(t, "failing/wrong_test.yml")
	var text, junit bytes.Buffer
	if err := Text(&text, report, false); err != nil {
		t.Fatal(err)
	}
	golden(t, "failing/wrong.golden", text.Bytes())
	if err := JUnit(&junit, []Report{report}); err != nil {
		t.Fatal(err)
	}
	golden(t, "failing/wrong.xml", junit.Bytes())
	var back junitSuites
	if err := xml.Unmarshal(junit.Bytes(), &back); err != nil || back.Suites[0].Failures != 3 || back.Suites[0].Tests != 4 {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestBadTestsAreExplained(t *testing.T) {
	data, err := os.ReadFile("testdata/bad_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	s, found := Parse("bad_test.yml", data)
	var b bytes.Buffer
	for _, d := range found {
		if err := d.Render(&b, false); err != nil {
			t.Fatal(err)
		}
	}
	if s != nil {
		t.Error("it was accepted")
	}
	golden(t, "bad.golden", b.Bytes())
}

// TestNoiseIsTheSameEveryTime, and the noise of traffic is shared: the buckets of a
// histogram stay in order.
func TestNoiseIsTheSameEveryTime(t *testing.T) {
	text := `tests:
  - name: x
    input_series:
      - {series: 'h_bucket{le="1"}', increases: 10x2000, noise: 20%, day: [1, 3], week: [1, 1, 0.5]}
      - {series: 'h_bucket{le="+Inf"}', increases: 11x2000, noise: 20%, day: [1, 3], week: [1, 1, 0.5]}
    change: {service: cart, at: 1h}
    expect: [{rule: red, grade: none}]
`
	one, found := Parse("x", []byte(text))
	if len(found) > 0 {
		t.Fatal(found)
	}
	two, _ := Parse("x", []byte(text))
	low, again, all := values(t, one.tests[0], 0), values(t, two.tests[0], 0), values(t, one.tests[0], 1)
	for i := range low {
		if low[i] != again[i] || i > 0 && (low[i]-low[i-1])/(all[i]-all[i-1])-10./11 > 1e-9 {
			t.Fatalf("at %d: %g, %g, %g", i, low[i], again[i], all[i])
		}
	}
	if night, noon := low[100]-low[0], low[770]-low[670]; noon < 2*night {
		t.Errorf("%g at night and %g at noon: the day has no shape", night, noon)
	}
}

func values(t *testing.T, one test, series int) []float64 {
	t.Helper()
	var all []float64
	it := one.series[series].samples(one.interval, seed(one.name)).Iterator(nil)
	for it.Next() != 0 {
		_, v := it.At()
		all = append(all, v)
	}
	if len(all) != 2001 {
		t.Fatalf("%d values", len(all))
	}
	return all
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

func blocks(t *testing.T, file string) []string {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range yamlBlock.FindAllStringSubmatch(string(page), -1) {
		all = append(all, m[1])
	}
	return all
}

func TestEveryCodeHasItsPage(t *testing.T) {
	for _, code := range Codes() {
		examples := blocks(t, "../../docs/diagnostics/"+code+".md")
		if len(examples) != 2 {
			t.Fatalf("%s: %d examples", code, len(examples))
		}
		if _, found := Parse("x", []byte(examples[0])); len(found) != 1 || found[0].Code != code {
			t.Errorf("%s: the wrong example gives %v", code, found)
		}
		if _, found := Parse("x", []byte(examples[1])); len(found) > 0 {
			t.Errorf("%s: the right example gives %v", code, found)
		}
	}
}

// TestThePageOfRuleTests runs the complete tests of the docs page on the rules of that
// page.
func TestThePageOfRuleTests(t *testing.T) {
	ran := 0
	for _, text := range blocks(t, "../../docs/rules-testing.md") {
		if !strings.Contains(text, "tests:") {
			continue
		}
		s, found := Parse("page", []byte(text))
		if len(found) > 0 {
			t.Fatal(found)
		}
		set, found := rules.LoadFiles(os.DirFS("testdata"), []string{"red.yml"}, rules.World{})
		if len(found) > 0 {
			t.Fatal(found)
		}
		ran += passes(t, s, set)
	}
	if ran == 0 {
		t.Error("the page has lost its tests")
	}
}

// FuzzNotation checks that no notation panics, takes long, or gives more samples than
// a test may have.
func FuzzNotation(f *testing.F) {
	for _, s := range []string{
		"1 2 3", "0+10x60", "1x3 _x2 stale", "-1-2x4", "NaN Inf -Inf", "x", "1x", "1x99999999999999999999",
		"{{schema:0 count:4 sum:2 buckets:[1 2 1]}}x60", "{{}}+{{schema:1 offset:-3 buckets:[1]}}x5", "1e9x3", "0x10", "_x1000000",
		"{{schema:-53 custom_values:[1 2] buckets:[1 1]}}x4", "1+1x\n3",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		values, err := notation(s)
		if err == nil && len(values) > maxSamples+len(s) {
			t.Errorf("%q gives %d values", s, len(values))
		}
	})
}

// FuzzParse checks that no file of tests panics, and that none is accepted in part.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"red_test.yml", "bad_test.yml", "failing/wrong_test.yml"} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.ReplaceAll(data, []byte("00000"), []byte("0"))) // what is long is slow to mutate
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, found := Parse("f", data)
		if (s == nil) != (len(found) > 0) {
			t.Fatalf("suite %v with %d diagnostics", s, len(found))
		}
		for _, d := range found {
			if d.Line < 1 || d.Column < 1 || d.Code == "" || d.Message == "" {
				t.Errorf("%+v", d)
			}
		}
	})
}
