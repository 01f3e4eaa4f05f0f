package ruletest

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/backtest"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// The codes of diagnostics about a file of tests, beside those about YAML. Each has a
// page in docs/diagnostics.
const (
	codeBadSeries = "bad-series"
	codeBadTest   = "bad-test"
)

// Codes returns all codes of this package.
func Codes() []string { return []string{codeBadSeries, codeBadTest} }

// defaultInterval is the interval between samples if a test sets none.
const defaultInterval = time.Minute

// Parse parses and checks a file of tests. The suite is nil if there are
// diagnostics.
func Parse(file string, data []byte) (*Suite, []rules.Diagnostic) {
	var doc document
	positions, problems := strictyaml.Decode(data, &doc)
	r := &reader{file: file, doc: doc, positions: positions, suite: &Suite{File: file, RuleFiles: doc.RuleFiles}}
	if len(data) <= strictyaml.MaxSize {
		r.lines = strings.Split(string(data), "\n")
	}
	for _, p := range problems {
		r.report(strictyaml.Position{Line: p.Line, Column: p.Column}, p.Code, p.Message, p.Hint)
	}
	if len(problems) == 0 {
		r.readSuite()
	}
	if len(r.found) > 0 {
		slices.SortStableFunc(r.found, func(a, b rules.Diagnostic) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return nil, r.found
	}
	return r.suite, nil
}

// reader checks one decoded file.
type reader struct {
	file      string
	doc       document
	lines     []string
	positions *strictyaml.Positions
	suite     *Suite
	samples   int // of all series so far
	found     []rules.Diagnostic
}

func (r *reader) report(at strictyaml.Position, code, message, hint string) {
	if len(r.found) >= strictyaml.MaxProblems {
		return
	}
	d := rules.Diagnostic{File: r.file, Line: at.Line, Column: at.Column, Code: code, Message: message, Hint: hint}
	if at.Line <= len(r.lines) {
		d.Snippet = strings.TrimSuffix(r.lines[at.Line-1], "\r")
	}
	r.found = append(r.found, d)
}

func (r *reader) at(path, code, message, hint string) {
	r.report(r.positions.Value(path), code, message, hint)
}

func (r *reader) readSuite() {
	for i, name := range r.doc.RuleFiles {
		if !fs.ValidPath(name) {
			at := fmt.Sprintf("rule_files[%d]", i)
			r.at(at, codeBadTest, "rule files are in the folder of their tests, or below it", "write a path without .. and without a leading slash")
		}
	}
	if len(r.doc.Tests) == 0 {
		r.at("tests", codeBadTest, "the file has no test", "")
	}
	for i, w := range r.doc.Tests {
		r.suite.tests = append(r.suite.tests, r.test(fmt.Sprintf("tests[%d]", i), w))
	}
}

func (r *reader) test(at string, w writtenTest) test {
	t := test{
		name: w.Name, line: r.positions.Value(at).Line, interval: defaultInterval,
		moment: rules.Moment{Earned: rules.Act, Cap: rules.Act, Freezes: map[string]bool{}},
	}
	if d := cmp.Or(w.Interval, r.doc.Interval); d != nil {
		t.interval = time.Duration(*d)
	}
	if t.interval < time.Second || t.interval > time.Hour {
		r.at(at, codeBadTest, "interval must be from 1s to 1h", "it is the interval between samples, like a scrape interval")
	}
	if w.Trust != nil {
		t.moment.Earned = *w.Trust
	}
	for _, name := range w.Freezes {
		t.moment.Freezes[name] = true
	}
	t.series = r.allSeries(at, w)
	t.change = r.change(at+".change", w.Change)
	t.good = r.good(at+".good_changes", w, t.change)
	t.service = r.service(w.Change.Service)
	for i, e := range w.Expect {
		t.expect = append(t.expect, r.expectation(fmt.Sprintf("%s.expect[%d]", at, i), e))
	}
	if len(w.Expect) == 0 {
		r.at(at+".expect", codeBadTest, "this test expects nothing, so that it cannot fail", "")
	}
	return t
}

func (r *reader) allSeries(at string, w writtenTest) []testSeries {
	var all []testSeries
	for i, s := range w.Series {
		path := fmt.Sprintf("%s.input_series[%d]", at, i)
		if r.samples > maxSamples {
			r.at(path, codeBadSeries, fmt.Sprintf("a file of tests has at most %d samples", maxSamples), "use a longer interval, or split the file")
			return nil
		}
		l := r.series(path, s)
		r.samples += len(l.values)
		all = append(all, l)
	}
	return all
}

func (r *reader) series(at string, w writtenSeries) testSeries {
	l := testSeries{counter: w.Increases != "", day: w.Day, week: w.Week}
	key, text := ".values", w.Values
	if l.counter {
		key, text = ".increases", w.Increases
	}
	if (w.Values == "") == (w.Increases == "") {
		r.at(at, codeBadSeries, "a series needs either values or increases", "values is Prometheus's notation; increases is how much a counter grows in each interval")
		return l
	}
	var err error
	if l.labels, err = metric(w.Series); err != nil {
		r.at(at+".series", codeBadSeries, err.Error(), `as in http_requests_total{job="cart",code="500"}`)
	}
	if l.values, err = notation(text); err != nil {
		r.at(at+key, codeBadSeries, err.Error(), "as in 1 2 _ 4, or 0+10x60: sixty-one values, each ten more")
	}
	if err := l.setNoise(w.Noise); err != nil {
		r.at(at+".noise", codeBadSeries, err.Error(), "")
	}
	r.checkPlain(at, l)
	return l
}

// checkPlain refuses noise and shapes for a native histogram, increases below zero,
// and factors below zero.
func (r *reader) checkPlain(at string, l testSeries) {
	for _, v := range l.values {
		switch {
		case v.Histogram != nil && (l.counter || l.poisson || l.noise > 0 || len(l.day)+len(l.week) > 0):
			r.at(at, codeBadSeries, "a native histogram can only have values, without noise, day or week", "")
			return
		case l.counter && v.Value < 0:
			r.at(at+".increases", codeBadSeries, "a counter never falls", "use values to show one that is reset")
			return
		}
	}
	if slices.ContainsFunc(slices.Concat(l.day, l.week), func(f float64) bool { return f < 0 }) {
		r.at(at, codeBadSeries, "the factors of day and week must not be negative", "")
	}
}

// change checks a change as an event is checked.
func (r *reader) change(at string, w writtenChange) sources.Change {
	finished := Start.Add(time.Duration(w.At))
	admitted, err := sources.Admit(sources.Event{
		Source: "test", EventID: "test", ChangeID: "test", Status: sources.Status(cmp.Or(w.Status, string(sources.Succeeded))), At: finished,
		Service: w.Service, Environment: w.Environment, Region: w.Region, Kind: sources.Kind(w.Kind),
		Version: cmp.Or(w.Version, "v2"), Labels: w.Labels,
	}, nil, finished)
	if err != nil {
		r.at(at, codeBadTest, err.Error(), "")
		return sources.Change{}
	}
	c := sources.Begin(admitted.Event())
	c.StartedAt, c.FinishedAt, c.Reversible = finished, finished, w.Reversible == nil || *w.Reversible
	if w.Started != nil {
		c.StartedAt = Start.Add(time.Duration(*w.Started))
	}
	if c.StartedAt.After(finished) {
		r.at(at+".started", codeBadTest, "the change starts after its end", "at is the time of its end")
	}
	return c
}

// good returns the good changes before a change: deploys of the same service.
func (r *reader) good(at string, test writtenTest, c sources.Change) []backtest.Moment {
	var all []backtest.Moment
	for i, w := range test.Good {
		m := backtest.Moment{Change: c, Good: true}
		m.Kind, m.StartedAt = sources.Deploy, Start.Add(time.Duration(w))
		m.FinishedAt = m.StartedAt
		if w >= test.Change.At {
			r.at(fmt.Sprintf("%s[%d]", at, i), codeBadTest, "a good change must be earlier than the change of the test", "write how long after the start of the series it ended")
		}
		all = append(all, m)
	}
	return all
}

// service returns the service as listed in the file, or else one with the receivers
// owner, chat and pager and the hook named hook.
func (r *reader) service(name string) rules.Service {
	s, listed := r.doc.Services[name]
	if !listed {
		s = writtenService{Owner: "owner", Chat: "chat", Pager: "pager", Hook: "hook"}
	}
	if s.Match == nil {
		s.Match = map[string]string{"job": name}
	}
	return rules.Service{Name: name, Match: s.Match, Owner: s.Owner, Chat: s.Chat, Pager: s.Pager, Hook: s.Hook}
}

var (
	states = []watch.State{
		watch.Waiting, watch.Watching, watch.Healthy, watch.Regressed, watch.Inconclusive, watch.Blind, watch.Superseded,
	}
	rollbackModes = []string{noRollback, rules.Observe.String(), rules.Ask.String(), rules.Act.String()}
)

const noRollback = "none"

func (r *reader) expectation(at string, w writtenExpectation) expectation {
	e := expectation{writtenExpectation: w, line: r.positions.Value(at).Line}
	if w.State != nil && !slices.Contains(states, *w.State) {
		r.at(at+".state", codeBadTest, fmt.Sprintf("a watch has no state %q", *w.State), "a watch is waiting, watching, healthy, regressed, inconclusive or blind")
	}
	if w.Rollback != nil && !slices.Contains(rollbackModes, w.Rollback.Mode) {
		r.at(at+".rollback", codeBadTest, "a rollback is none, observe, ask or act", "as in rollback: ask, or rollback: {hook: argo, mode: act}")
	}
	if e.isEmpty() {
		r.at(at, codeBadTest, "this expectation is empty", "add grade, outcome, reason, state, signals, told or rollback")
	}
	return e
}

// isEmpty says whether an expectation has nothing that could fail.
func (e expectation) isEmpty() bool {
	return e.Watched == nil && e.State == nil && e.Grade == nil && e.Outcome == nil && e.Reason == nil &&
		e.MayAct == nil && len(e.Signals) == 0 && e.Told == nil && e.Rollback == nil
}
