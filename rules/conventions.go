package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pushback/pushback/internal/strictyaml"
)

// Convention is how one kind of software names what it measures. Rules read them with the key
// conventions, `rules init` recognises services by them.
//
// See adr/0113.
type Convention struct {
	Name    string   // spring-boot
	By      string   // the software: Spring Boot (Micrometer)
	Source  string   // where its names are documented
	Library string   // the rule that reads it: library/http-red
	Set     string   // the first part of what `conventions` takes: http
	Signals []string // the second: errors, latency, requests
	Metrics []string // the names by which it is recognised, that of requests first; any of them is enough
	Native  bool     // the names are those of native histograms
	Runtime bool     // shows that a process runs, not that it serves requests

	// The labels that name a service and what it belongs to. Empty: job and namespace.
	ServiceLabel, ScopeLabel string
	Where                    string // matchers without which its series are those of somebody else: reporter="destination"
}

// conventionFile is one file of library/conventions: what one rule of the library reads.
type conventionFile struct {
	Rule        string              `yaml:"rule" required:"true"` // http-red
	Conventions []writtenConvention `yaml:"conventions" required:"true"`
}

// writtenConvention is one convention of requests, in short, or any with the expression of each
// signal.
type writtenConvention struct {
	Name    string              `yaml:"name" required:"true"`
	By      string              `yaml:"by" required:"true"`
	Source  string              `yaml:"source,omitempty"`
	Metrics strictyaml.TextList `yaml:"metrics,omitempty"` // default: requests, and duration where that is another metric

	Requests string              `yaml:"requests,omitempty"` // a counter of requests: http_requests_total
	Failed   strictyaml.TextList `yaml:"failed,omitempty"`   // matchers of those that failed, each an alternative; status: all habits
	Duration string              `yaml:"duration,omitempty"` // a histogram or summary, without _count
	Unit     string              `yaml:"unit,omitempty"`     // of duration, where its name does not end in it
	Where    string              `yaml:"where,omitempty"`
	Native   bool                `yaml:"native,omitempty"` // requests and duration are one native histogram

	Signals map[string][]writtenExpr `yaml:"signals,omitempty"` // by name, instead of those above

	Services struct {
		Label string `yaml:"label" required:"true"`
		Scope string `yaml:"scope,omitempty"`
	} `yaml:"services,omitempty"`
	Runtime bool `yaml:"runtime,omitempty"`
}

// The signals of a convention of requests.
const (
	errorsSignal   = "errors"
	latencySignal  = "latency"
	requestsSignal = "requests"
)

// statusHabit stands in `failed` for every label by which services say how a request ended.
const statusHabit = "status"

const (
	// A class of codes (5xx) matches like a code. Words for mistakes of the caller, such as
	// CLIENT_ERROR, are not among them.
	failedStatus = `5..|(?i:5xx|((server|internal)_)?errors?|err|fail(ed|ure)?|timeout|exception|unavailable)`
)

// StatusHabit is a label by which services say how a request ended, and the values that mean a
// failure, as a regular expression.
type StatusHabit struct{ Label, Values string }

// Matchers select the requests that failed, as `bad` takes them.
func (h StatusHabit) Matchers() string { return fmt.Sprintf("%s=~%q", h.Label, h.Values) }

// StatusHabits are all that are known, the most common first.
func StatusHabits() []StatusHabit { return slices.Clone(statusHabits) }

var statusHabits = []StatusHabit{
	{"code", failedStatus},
	{"status", failedStatus},
	{"status_code", failedStatus},
	{"statusCode", failedStatus},
	{"http_status", failedStatus},
	{"http_status_code", failedStatus},
	{"response_code", failedStatus},
	{"http_response_status_code", failedStatus},
	{"status_class", failedStatus},
	{"outcome", failedStatus},
	{"result", failedStatus},
	{"error", "true|yes|1"},
	{"success", "false|no|0"},
}

// Conventions are all that are known, those of requests first, in the order in which they are
// preferred. Callers must not change them.
func Conventions() []Convention { return conventions() }

var conventions = sync.OnceValue(func() []Convention {
	var all []Convention
	files := conventionFiles()
	for _, set := range conventionSets {
		f := files[set]
		for _, c := range f.Conventions {
			all = append(all, Convention{
				Name: c.Name, By: c.By, Source: c.Source, Library: libraryFolder + "/" + f.Rule, Set: set, Signals: c.signals(), Metrics: c.metrics(), Native: c.Native,
				Runtime: c.Runtime, ServiceLabel: c.Services.Label, ScopeLabel: c.Services.Scope, Where: c.Where,
			})
		}
	}
	return all
})

func (c writtenConvention) metrics() []string {
	switch {
	case len(c.Metrics) > 0:
		return c.Metrics
	case c.Duration == "" || c.Native || strings.HasPrefix(c.Requests, c.Duration+"_"):
		return []string{c.Requests}
	}
	return []string{c.Requests, c.Duration + "_count"}
}

// conventionSets are the files, in the order in which what they show of a service matters.
var conventionSets = []string{"http", "grpc", "queue", "batch", "database", "jvm", "go"}

// conventionExprs are the expressions that `conventions: http/errors` stands for, and
// http/errors/micrometer for one convention. Every rule that uses the library reads them.
var conventionExprs = sync.OnceValue(func() map[string][]writtenExpr {
	all := map[string][]writtenExpr{}
	for set, f := range conventionFiles() {
		for _, c := range f.Conventions {
			for _, signal := range c.signals() {
				of := set + "/" + signal
				all[of] = append(all[of], c.exprs(signal)...)
				all[of+"/"+c.Name] = append(all[of+"/"+c.Name], c.exprs(signal)...)
			}
		}
	}
	for of, exprs := range all {
		all[of] = distinct(exprs)
	}
	return all
})

// distinct leaves out what came before.
func distinct(exprs []writtenExpr) []writtenExpr {
	seen := map[writtenExpr]bool{}
	return slices.DeleteFunc(exprs, func(e writtenExpr) bool {
		before := seen[e]
		seen[e] = true
		return before
	})
}

// signals are the names of the signals that a convention has, sorted.
func (c writtenConvention) signals() []string {
	all := slices.AppendSeq([]string{errorsSignal, latencySignal, requestsSignal}, maps.Keys(c.Signals))
	all = slices.DeleteFunc(all, func(signal string) bool { return len(c.exprs(signal)) == 0 })
	slices.Sort(all)
	return slices.Compact(all)
}

// exprs are a convention's expressions of one signal.
func (c writtenConvention) exprs(signal string) []writtenExpr {
	if all, ok := c.Signals[signal]; ok {
		return all
	}
	switch {
	case signal == errorsSignal && c.Native:
		return c.nativeErrors()
	case signal == errorsSignal && c.Requests != "":
		return c.errors()
	case signal == latencySignal && c.Duration != "":
		return []writtenExpr{{Histogram: c.selector(c.Duration), Unit: c.Unit}}
	case signal == requestsSignal && c.Native:
		return []writtenExpr{{Kind: rate, Query: fmt.Sprintf("histogram_count(sum(rate(%s[$__rate_interval])))", c.selector(c.Requests))}}
	case signal == requestsSignal && c.Requests != "":
		return []writtenExpr{{Kind: rate, Query: fmt.Sprintf("sum(rate(%s[$__rate_interval]))", c.selector(c.Requests))}}
	}
	return nil
}

func (c writtenConvention) errors() (all []writtenExpr) {
	for _, bad := range c.failures() {
		all = append(all, writtenExpr{Counter: c.selector(c.Requests), Bad: bad})
	}
	return all
}

func (c writtenConvention) nativeErrors() (all []writtenExpr) {
	const events = "sum(histogram_count(increase(%s[$step])))"
	for _, bad := range c.failures() {
		all = append(all, writtenExpr{
			Kind: ratio, Bad: fmt.Sprintf(events, c.selector(c.Requests, bad)), Total: fmt.Sprintf(events, c.selector(c.Requests)),
		})
	}
	return all
}

// failures are the matchers of `failed`.
func (c writtenConvention) failures() (all []string) {
	for _, f := range c.Failed {
		if f != statusHabit {
			all = append(all, f)
			continue
		}
		for _, h := range statusHabits {
			all = append(all, h.Matchers())
		}
	}
	return all
}

func (c writtenConvention) selector(metric string, more ...string) string {
	matchers := append([]string{"$" + varMatch}, more...)
	if c.Where != "" {
		matchers = append(matchers, c.Where)
	}
	return metric + "{" + strings.Join(matchers, ",") + "}"
}

// expandConventions replaces `conventions` by the expressions that it stands for, so that the
// stored text of a rule has them.
func (r *reader) expandConventions(at string, w written) written {
	w.Signals = slices.Clone(w.Signals)
	for i, s := range w.Signals {
		if s.Source.Conventions == "" {
			continue
		}
		path := fmt.Sprintf("%s.signals[%d].conventions", at, i)
		exprs := slices.Clone(conventionExprs()[s.Source.Conventions])
		if s.Source.Expr != (writtenExpr{}) || len(s.Source.AnyOf) > 0 {
			r.at(path, codeSignalForm, "a signal has conventions or expressions, not both", "leave one out")
		}
		if len(exprs) == 0 {
			r.at(path, codeUnknownConvention, fmt.Sprintf("there are no conventions %q", s.Source.Conventions), nearest(s.Source.Conventions, conventionNames()))
			continue
		}
		w.Signals[i].Source = writtenSource{AnyOf: exprs}
	}
	return w
}

// conventionNames are what `conventions` takes, sorted: http/errors.
func conventionNames() []string { return slices.Sorted(maps.Keys(conventionExprs())) }
