package migrate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/rules"
)

// converter is the state of one conversion.
type converter struct {
	options   Options
	documents []*document
	claimed   map[*document]bool // documents that a reader knows
	rules     []rule
	summary   Summary
	unread    []Left // files of a folder that cannot be read
}

// Convert converts files together, so that the objects of one may name those of another. Its
// error says in a sentence what is wrong with which file.
func Convert(files []File, o Options) (Result, error) {
	c := &converter{options: o, claimed: map[*document]bool{}}
	for _, f := range files {
		documents, err := readFile(f)
		switch {
		case err != nil && f.Found:
			c.unread = append(c.unread, Left{File: f.Name, Line: max(f.Line, 1), Column: 1, Object: "file", Reason: err.Error()})
		case err != nil:
			return Result{}, fmt.Errorf("%s: %w", f.Name, err)
		}
		c.documents = append(c.documents, documents...)
	}
	c.argo()
	c.flagger()
	c.kayenta()
	if len(c.claimed) == 0 {
		return Result{}, ErrUnknown
	}
	c.check()
	return c.result()
}

// claim marks a document as one that a reader knows.
func (c *converter) claim(d *document) {
	c.claimed[d] = true
	d.readMeta()
}

// check gives rules and signals different names, and lists the signals that cannot be made.
func (c *converter) check() {
	var all []rule
	for _, r := range c.rules {
		if c.options.Service != "" {
			r.service = c.options.Service
		}
		all = append(all, r.byStore()...)
	}
	names := map[string]bool{}
	leaveNamesakes(all)
	for i := range all {
		r := &all[i]
		r.name = unused(names, r.name)
		signals := map[string]bool{}
		for j := range r.metrics {
			c.checkMetric(r, &r.metrics[j], signals)
		}
		r.checkTimes()
	}
	c.rules = all
}

// leaveNamesakes lists objects of one name in several namespaces: their rules watch the same
// service, and each change of it would be judged by the queries of all.
func leaveNamesakes(all []rule) {
	first := map[string]*document{}
	for _, r := range all {
		namespace := r.doc.field().get("metadata").get("namespace")
		other := first[r.service]
		switch {
		case strings.ContainsAny(r.service, "*?["):
		case other == nil:
			first[r.service] = r.doc
		case other.field().get("metadata").get("namespace").text() != namespace.text():
			namespace.mention("an object of another namespace has a rule for the service "+printable(shortened(r.service))+" too, and each of its changes would be judged by both", "watch: {environment: …} in each of the rules")
		}
	}
}

// unused returns a name that was not given before: with a number where it was. A name may have 64
// characters.
func unused(given map[string]bool, name string) string {
	name = name[:min(len(name), 58)]
	one := name
	for n := 2; given[one]; n++ {
		one = fmt.Sprintf("%s-%d", name, n)
	}
	given[one] = true
	return one
}

func (c *converter) checkMetric(r *rule, m *metric, names map[string]bool) {
	made := 0
	for i := range m.signals {
		s := &m.signals[i]
		s.name = unused(names, s.name)
		if s.unsupported == "" {
			c.combine(m, s)
			s.unsupported = s.loadError()
		}
		if s.unsupported != "" {
			m.query.mention(s.unsupported, s.instead)
			continue
		}
		made++
		c.checkReach(r, m, s)
	}
	switch {
	case made > 0 && !m.again:
		c.summary.Converted++
	case made == 0 && len(m.signals) > 0 && !m.again: // the reason stands at its query, which may be in another object
		m.at.leave("it makes no signal: "+m.signals[0].unsupported, m.signals[0].instead)
	}
}

// checkTimes lists a time that a rule cannot have.
func (r *rule) checkTimes() {
	for _, t := range r.times() {
		if r.made() && t.written != t.read {
			r.doc.field().get("spec").mention(fmt.Sprintf("its intervals and counts come to %s: %s, and a rule's goes from %s to %s in whole seconds", t.name, t.read, model.Duration(t.least), model.Duration(t.most)), "")
		}
	}
}

// combine says how several series become one number, and lists where the tool looks at the first.
func (c *converter) combine(m *metric, s *signal) {
	if s.withCombine() && !m.every {
		m.query.mention(orElse(m.several, "the tool judges one of several series, whichever comes first or last")+"; here "+s.notes[len(s.notes)-1], "add the labels up in the query, or write combine: sum")
	}
}

// checkReach lists a query that asks the same of every service that its rule watches.
func (c *converter) checkReach(r *rule, m *metric, s *signal) {
	text := s.valueOf("query")
	if strings.ContainsAny(r.service, "*?[") && !strings.Contains(text, "$service") && !strings.Contains(text, "$match") {
		m.query.mention("its query names no service of the rule, which watches "+r.service+": every change of each would be judged by the same series", "--service NAME, or $match in the query")
	}
}

// result writes the rules, and lists what nobody has read.
func (c *converter) result() (Result, error) {
	all := Result{Left: append([]Left{}, c.unread...), Ignored: []Left{}}
	for _, d := range c.documents {
		if !c.claimed[d] {
			d.readUnknown()
		}
		if err := d.rest(); err != nil {
			return Result{}, fmt.Errorf("%s:%d: %w", d.file, d.above+d.root.Line, err)
		}
		slices.SortStableFunc(d.left, inFileOrder)
		slices.SortStableFunc(d.ignored, inFileOrder)
		all.Left = append(all.Left, d.left...)
		all.Ignored = append(all.Ignored, d.ignored...)
	}
	c.summary.Objects = len(c.claimed)
	c.summary.Stopped = c.summary.Metrics - c.summary.Converted
	c.summary.Left, c.summary.Ignored = len(all.Left), len(all.Ignored)
	all.Summary, all.Rules = c.summary, c.write()
	if c.summary.Converted == 0 {
		return all, nil
	}
	if _, found := rules.Load(fsOf(all.Rules), rules.World{}); len(found) > 0 {
		return all, errors.Join(errors.New("the rules made of these files do not load: please report it"), found[0])
	}
	return all, nil
}

func inFileOrder(a, b Left) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.Path, b.Path), strings.Compare(a.Reason, b.Reason))
}

// readUnknown lists a document that is nothing to be converted. One of the tools' own kinds is left;
// others, such as a Deployment, judge nothing.
func (d *document) readUnknown() {
	if strings.HasSuffix(d.kind, "List") && len(d.field().get("items").items()) > 0 {
		d.readMeta()
		return
	}
	version := d.field().get("apiVersion").unmarked()
	if strings.HasPrefix(version, argoGroup+"/") || strings.HasPrefix(version, flaggerGroup+"/") {
		d.field().leave(d.whyNoRule(), "")
		return
	}
	d.field().ignore(judgesNothing)
}

// whyNoRule is why one of the tools' own objects makes no rule.
func (d *document) whyNoRule() string {
	switch d.kind {
	case "Experiment":
		return "an experiment runs pods of its own, and its analyses stay with Argo"
	case "Rollout":
		return "it has no analysis outside of experiments, whose analyses stay with Argo"
	}
	return "this kind of object makes no rule"
}

const judgesNothing = "it is no configuration that judges a release"
