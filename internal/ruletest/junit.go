package ruletest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// The elements of JUnit's XML, as CI systems read it:
// https://github.com/testmoapp/junitxml.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Seconds  string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Seconds string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the reports as JUnit XML, one suite for each file. The error is the
// writer's.
func JUnit(w io.Writer, reports []Report) error {
	var all junitSuites
	for _, r := range reports {
		suite := junitSuite{Name: r.File, Tests: len(r.Tests), Failures: r.Failed()}
		if len(r.Mistakes) > 0 {
			suite.Tests, suite.Failures, suite.Cases = 1, 1, []junitCase{mistaken(r)}
		}
		total := 0.0
		for _, t := range r.Tests {
			suite.Cases = append(suite.Cases, t.junit(r.File))
			total += t.Seconds
		}
		suite.Seconds = seconds(total)
		all.Suites = append(all.Suites, suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// mistaken is the failure of a file whose tests could not be run: without one, a CI system
// would show all well.
func mistaken(r Report) junitCase {
	var b strings.Builder
	for _, d := range r.Mistakes {
		fmt.Fprintln(&b, d)
	}
	return junitCase{
		Name: "the tests and their rules can be read", Class: className(r.File), File: r.File, Line: 1, Seconds: seconds(0),
		Failure: &junitFailure{Message: fmt.Sprintf("%d mistakes; no test was run", len(r.Mistakes)), Text: b.String()},
	}
}

func className(file string) string {
	return strings.TrimSuffix(strings.TrimSuffix(file, ".yaml"), ".yml")
}

func (t Result) junit(file string) junitCase {
	c := junitCase{Name: t.Name, Class: className(file), File: file, Line: t.Line, Seconds: seconds(t.Seconds)}
	if len(t.Failures) == 0 {
		return c
	}
	var b strings.Builder
	for _, f := range t.Failures {
		fmt.Fprintf(&b, "%s:%d: rule %s, %s\n", file, f.Line, f.Rule, f.When)
		f.write(&b, func(_, text string) string { return text })
	}
	c.Failure = &junitFailure{Message: fmt.Sprintf("%d expectations not met", len(t.Failures)), Text: b.String()}
	return c
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }
