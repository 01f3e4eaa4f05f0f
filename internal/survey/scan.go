package survey

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// The labels that name a service.
const (
	job       = "job"
	namespace = "namespace"
	nameLabel = "__name__"
)

// Querier queries a metric store. Its errors are *sources.Fault.
type Querier interface {
	Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error)
}

// Survey is what a store had at the time of the scan.
type Survey struct {
	Services  []Service `json:"services"`            // sorted by name
	Heartbeat string    `json:"heartbeat,omitempty"` // the expression to use if the store has no series up

	name, scope string // the labels that name a service and what it belongs to; scope may be empty
}

// Service is one service, and by what it is recognised.
type Service struct {
	Name  string  `json:"name"`
	Known []Known `json:"known"`           // the conventions of its metrics, the preferred ones first
	Guess *Guess  `json:"guess,omitempty"` // of a service without requests of a known convention: what they may be
	Up    bool    `json:"up"`              // it is scraped, and so has the series up
}

// Known is a convention, and the metrics by which it was recognised.
type Known struct {
	Convention string   `json:"convention"` // spring-boot
	By         string   `json:"by"`         // the software
	Library    string   `json:"library"`    // the rule that reads it
	Metrics    []string `json:"metrics"`

	convention rules.Convention
}

// ErrNothing is returned for a store without any service.
var ErrNothing = errors.New("the store has neither a series up nor a metric that a rule of the library reads")

// Scan asks a store which services it has, and how their metrics are called. Progress is told of
// by say. The error is the store's, or ErrNothing.
func Scan(ctx context.Context, store Querier, at time.Time, say func(string)) (Survey, error) {
	s := newScan(ctx, store, at, job)
	say("asking which services there are")
	if err := s.jobs(); err != nil {
		return Survey{}, err
	}
	say("asking which metrics they have")
	for _, names := range askedTogether() {
		if err := s.metrics(names, job, namespace, ""); err != nil {
			return Survey{}, err
		}
	}
	if !slices.ContainsFunc(s.services(), reportsItself) {
		if err := s.meshes(); err != nil {
			return Survey{}, err
		}
	}
	found, err := s.survey()
	if err != nil {
		return found, err
	}
	return found, s.guesses(found.Services, say)
}

// scan collects the answers of a store.
type scan struct {
	ctx    context.Context
	store  Querier
	at     time.Time
	name   string                     // the label that names a service
	up     map[string]bool            // the services that have the series up
	found  map[string]map[string]bool // service → its metrics
	scopes map[string]bool            // the labels by which services are narrowed
}

func newScan(ctx context.Context, store Querier, at time.Time, name string) scan {
	return scan{ctx: ctx, store: store, at: at, name: name, found: map[string]map[string]bool{}, up: map[string]bool{}, scopes: map[string]bool{}}
}

func (s *scan) add(service, metric string) {
	if service == "" {
		return
	}
	if s.found[service] == nil {
		s.found[service] = map[string]bool{}
	}
	if metric != "" {
		s.found[service][metric] = true
	}
}

// jobs are the services that are scraped.
func (s *scan) jobs() error {
	series, err := s.ask(fmt.Sprintf("group by (%s, %s) (up)", job, namespace))
	for _, one := range series {
		s.up[one.Labels[job]] = true
		s.add(one.Labels[job], "")
		s.scopes[namespace] = s.scopes[namespace] || one.Labels[namespace] != ""
	}
	return err
}

// metrics asks which of the metrics the services have.
func (s *scan) metrics(names []string, service, scope, where string) error {
	// A summary's quantiles have the name of a native histogram.
	expr := fmt.Sprintf(`group by (%s, %s, %s) ({%s=~"%s",quantile=""%s})`, nameLabel, service, scope, nameLabel, strings.Join(names, "|"), where)
	series, err := s.ask(expr)
	for _, one := range series {
		s.add(one.Labels[service], one.Labels[nameLabel])
		s.scopes[scope] = s.scopes[scope] || one.Labels[scope] != ""
	}
	return err
}

// meshes asks for the workloads of a mesh, where nothing else shows requests.
func (s *scan) meshes() error {
	for _, c := range rules.Conventions() {
		if c.ServiceLabel == "" {
			continue
		}
		mesh := newScan(s.ctx, s.store, s.at, c.ServiceLabel)
		if err := mesh.metrics(c.Metrics, c.ServiceLabel, c.ScopeLabel, ","+c.Where); err != nil {
			return err
		}
		if len(mesh.found) > 0 {
			*s = mesh
			return nil
		}
	}
	return nil
}

func (s *scan) ask(expr string) ([]sources.Series, error) {
	series, err := s.store.Instant(s.ctx, expr, s.at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	return series, nil
}

// namesTogether is how many metrics are asked for in one question.
const namesTogether = 20

// askedTogether are the metrics of all conventions, in the questions in which they are asked.
func askedTogether() [][]string {
	names := map[string]bool{}
	for _, c := range rules.Conventions() {
		for _, metric := range c.Metrics {
			names[metric] = true
		}
	}
	return slices.Collect(slices.Chunk(slices.Sorted(maps.Keys(names)), namesTogether))
}

// services are those found, each with its conventions, sorted by name.
func (s *scan) services() []Service {
	all := make([]Service, 0, len(s.found))
	for _, name := range slices.Sorted(maps.Keys(s.found)) {
		all = append(all, Service{Name: name, Known: known(s.found[name]), Up: s.up[name]})
	}
	return all
}

// known are the conventions that have one of the metrics, the preferred ones first. One whose
// requests are not there is known only if no other explains its metrics.
func known(metrics map[string]bool) []Known {
	all := []Known{}
	explained := map[string]bool{}
	for _, requests := range []bool{true, false} {
		for _, c := range rules.Conventions() {
			has := slices.DeleteFunc(slices.Clone(c.Metrics), func(m string) bool { return !metrics[m] })
			first := len(has) > 0 && has[0] == c.Metrics[0]
			fresh := slices.ContainsFunc(has, func(m string) bool { return !explained[m] })
			if first != requests || !fresh {
				continue
			}
			for _, m := range has {
				explained[m] = true
			}
			all = append(all, Known{Convention: c.Name, By: c.By, Library: c.Library, Metrics: has, convention: c})
		}
	}
	return all
}

// serves reports whether a service shows more than that its process runs.
func serves(s Service) bool {
	return slices.ContainsFunc(s.Known, func(k Known) bool { return !k.convention.Runtime })
}

// reportsItself reports whether a service shows its requests itself, and no mesh for it.
func reportsItself(s Service) bool {
	return slices.ContainsFunc(s.Known, func(k Known) bool { return !k.convention.Runtime && k.convention.ServiceLabel == "" })
}

// survey makes what was found a Survey. Processes of which nothing shows requests are services
// only if they are scraped, or if there are no others: many are the monitoring itself.
func (s *scan) survey() (Survey, error) {
	found := Survey{Services: s.services(), name: s.name}
	for scope, has := range s.scopes {
		if has {
			found.scope = scope
		}
	}
	if slices.ContainsFunc(found.Services, serves) {
		found.Services = slices.DeleteFunc(found.Services, func(one Service) bool { return !one.Up && !serves(one) })
	}
	if len(found.Services) == 0 {
		return found, ErrNothing
	}
	beats, err := s.ask("max(timestamp(up))")
	if err == nil && len(beats) == 0 {
		found.Heartbeat = "max(timestamp(" + found.selector() + "))"
	}
	return found, err
}

// Names are the names of the services, sorted.
func (s Survey) Names() []string {
	names := make([]string, len(s.Services))
	for i, one := range s.Services {
		names[i] = one.Name
	}
	return names
}

// Readable are the services that the rules of the first file read.
func (s Survey) Readable() (names []string) {
	for _, one := range s.Services {
		if len(one.Known) > 0 || one.Guess != nil && one.Guess.Sure && plainName.MatchString(one.Name) {
			names = append(names, one.Name)
		}
	}
	return names
}

// Libraries returns the library rules that have data for these services, in the order
// of the conventions.
func (s Survey) Libraries() []string {
	var all []string
	for _, c := range rules.Conventions() {
		reads := slices.ContainsFunc(s.Services, func(one Service) bool {
			return slices.ContainsFunc(one.Known, func(k Known) bool { return k.Library == c.Library })
		})
		if reads && !slices.Contains(all, c.Library) {
			all = append(all, c.Library)
		}
	}
	return all
}

// match are the labels that select the series of a service.
func (s Survey) match() []string {
	if s.scope == "" {
		return []string{s.name}
	}
	return []string{s.name, s.scope}
}

// selector returns a selector of every series that services are discovered by.
func (s Survey) selector() string {
	names := map[string]bool{}
	for _, one := range s.Services {
		if one.Up {
			names["up"] = true
			continue
		}
		for _, k := range one.Known {
			if k.convention.Runtime && serves(one) {
				continue // by it, processes that are no services would be found too
			}
			for _, metric := range k.Metrics {
				names[metric] = true
			}
		}
	}
	if len(names) == 1 {
		return slices.Collect(maps.Keys(names))[0]
	}
	return fmt.Sprintf(`{%s=~"%s"}`, nameLabel, strings.Join(slices.Sorted(maps.Keys(names)), "|"))
}

// discover returns the catalogue's expression.
func (s Survey) discover() string {
	return fmt.Sprintf("group by (%s) (%s)", strings.Join(s.match(), ", "), s.selector())
}
