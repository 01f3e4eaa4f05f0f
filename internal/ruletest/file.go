package ruletest

import (
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/backtest"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Start is when every test begins: midnight of a Monday, UTC, so that days and weeks
// of test series begin where people expect.
var Start = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// Suite is one file of tests.
type Suite struct {
	File      string
	RuleFiles []string // in the file's folder or below; empty: all rule files there
	tests     []test
}

// document is a file of tests as people write it.
type document struct {
	RuleFiles strictyaml.TextList       `yaml:"rule_files"`
	Interval  *strictyaml.Duration      `yaml:"interval"`
	Services  map[string]writtenService `yaml:"services"`
	Tests     []writtenTest             `yaml:"tests" required:"true"`
}

// writtenService is a service as in the catalogue of pushback.yml.
type writtenService struct {
	Match map[string]string `yaml:"match"`
	Owner string            `yaml:"owner"`
	Chat  string            `yaml:"chat"`
	Pager string            `yaml:"pager"`
	Hook  string            `yaml:"hook"`
}

type writtenTest struct {
	Name     string                `yaml:"name" required:"true"`
	Interval *strictyaml.Duration  `yaml:"interval"`
	Series   []writtenSeries       `yaml:"input_series"`
	Good     []strictyaml.Duration `yaml:"good_changes"`
	Change   writtenChange         `yaml:"change" required:"true"`
	Trust    *rules.Mode           `yaml:"trust"`
	Freezes  strictyaml.TextList   `yaml:"freezes"`
	Expect   []writtenExpectation  `yaml:"expect" required:"true"`
}

type writtenSeries struct {
	Series    string    `yaml:"series" required:"true"`
	Values    string    `yaml:"values"`
	Increases string    `yaml:"increases"`
	Noise     string    `yaml:"noise"`
	Day       []float64 `yaml:"day"`
	Week      []float64 `yaml:"week"`
}

type writtenChange struct {
	Service     string               `yaml:"service" required:"true"`
	Environment string               `yaml:"environment"`
	Region      string               `yaml:"region"`
	Kind        string               `yaml:"kind"`
	Version     string               `yaml:"version"`
	Status      string               `yaml:"status"`
	Labels      map[string]string    `yaml:"labels"`
	Reversible  *bool                `yaml:"reversible"`
	Started     *strictyaml.Duration `yaml:"started"`
	At          strictyaml.Duration  `yaml:"at" required:"true"`
}

type writtenExpectation struct {
	Rule     string                    `yaml:"rule" required:"true"`
	After    *strictyaml.Duration      `yaml:"after"`
	Watched  *bool                     `yaml:"watched"`
	State    *watch.State              `yaml:"state"`
	Grade    *detector.Grade           `yaml:"grade"`
	Outcome  *detector.Outcome         `yaml:"outcome"`
	Reason   *detector.Reason          `yaml:"reason"`
	MayAct   *bool                     `yaml:"may_act"`
	Signals  map[string]detector.Grade `yaml:"signals"`
	Told     *strictyaml.TextList      `yaml:"told"`
	Rollback *writtenRollback          `yaml:"rollback"`
}

// writtenRollback is a mode, or a mode and a hook. The mode `none` means no
// rollback.
type writtenRollback struct {
	Hook string `yaml:"hook"`
	Mode string `yaml:"mode"`
}

// Scalar returns where a mode alone is decoded to.
func (w *writtenRollback) Scalar() any { return &w.Mode }

// test is one test after checking.
type test struct {
	name     string
	line     int
	interval time.Duration
	series   []testSeries
	change   sources.Change
	good     []backtest.Moment // good changes before it
	service  rules.Service
	moment   rules.Moment // what a replay cannot know
	expect   []expectation
}

type expectation struct {
	writtenExpectation
	line int
}
