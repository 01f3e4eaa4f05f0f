package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/sources"
)

// Catalogue judges a service catalogue: c as it is configured, and the series that its discovery
// found, which is none where nothing is discovered. file is the name of pushback.yml.
func Catalogue(c catalogue.Config, found []sources.Series, file string) []Check {
	all := listedTwice(c, file)
	if c.Discover == "" {
		return append(all, undiscovered(c, file))
	}
	d := discover(c, found)
	all = append(all, d.unnamed(c, file)...)
	all = append(all, d.unlabelled(c, file)...)
	all = append(all, d.alike(c, file)...)
	if len(d.series) == 0 {
		next := fmt.Sprintf("pushback rules init --force   # or correct services.discover in %s", file)
		return append(all, Of(Services, "", Fail, next, "services.discover finds no service: %s", c.Discover))
	}
	return append(all, Of(Services, "", OK, "", "%s found, each by %s", counted(len(d.series), "service"), strings.Join(c.Match, ", ")))
}

func undiscovered(c catalogue.Config, file string) Check {
	if len(c.List) == 0 {
		return Of(Services, "", Warn, fmt.Sprintf("services: {discover: 'group by (job) (up)', name: job, match: [job]}   # in %s", file),
			"no service is listed or discovered; the name of any change is taken for the label %s", c.Name)
	}
	return Of(Services, "", OK, "", "%s listed by hand", counted(len(c.List), "service"))
}

// listedTwice finds names that a list has several times: the first one counts.
func listedTwice(c catalogue.Config, file string) (all []Check) {
	times := map[string]int{}
	for _, s := range c.List {
		if times[s.Name]++; times[s.Name] == 2 {
			all = append(all, Of(Services, s.Name, Warn, fmt.Sprintf("remove the second %s from services.list in %s", s.Name, file),
				"%s is listed several times; the first one counts", s.Name))
		}
	}
	return all
}

// discovered are the series of a discovery by the name of their service.
type discovered struct {
	series   map[string][]sources.Series
	nameless []sources.Series
}

func discover(c catalogue.Config, found []sources.Series) discovered {
	d := discovered{series: map[string][]sources.Series{}}
	for _, s := range found {
		if name := s.Labels[c.Name]; name != "" {
			d.series[name] = append(d.series[name], s)
		} else {
			d.nameless = append(d.nameless, s)
		}
	}
	return d
}

// unnamed are series without the label that names a service, which are left out.
func (d discovered) unnamed(c catalogue.Config, file string) []Check {
	if len(d.nameless) == 0 {
		return nil
	}
	has := slices.Sorted(maps.Keys(d.nameless[0].Labels))
	next := fmt.Sprintf("services: {name: LABEL}   # in %s: one of %s", file, strings.Join(has, ", "))
	if len(has) == 0 {
		next = fmt.Sprintf("services: {discover: 'group by (%s) (up)'}   # in %s", c.Name, file)
	}
	return []Check{Of(Services, "", Warn, next, "services.discover gives %s without the label %q, which makes no service", counted(len(d.nameless), "result"), c.Name)}
}

// unlabelled are services of which a result lacks a label of match, so that $match is wider.
func (d discovered) unlabelled(c catalogue.Config, file string) (all []Check) {
	for _, label := range c.Match {
		var without []string
		for _, name := range slices.Sorted(maps.Keys(d.series)) {
			lacks := func(s sources.Series) bool { return s.Labels[label] == "" }
			if slices.ContainsFunc(d.series[name], lacks) {
				without = append(without, name)
			}
		}
		if len(without) > 0 {
			all = append(all, Of(Services, label, Warn, fmt.Sprintf("services.discover in %s: keep %s, as in group by (%s) (up)", file, label, strings.Join(c.Match, ", ")),
				"the label %s of services.match is missing for %s; $match is wider than it should be", label, someOf(without)))
		}
	}
	return all
}

// alike are services that several results name, with different labels: they are one service.
func (d discovered) alike(c catalogue.Config, file string) []Check {
	var several []string
	for _, name := range slices.Sorted(maps.Keys(d.series)) {
		if d.differ(name, c.Match) {
			several = append(several, name)
		}
	}
	if len(several) == 0 {
		return nil
	}
	return []Check{Of(Services, "", Warn, fmt.Sprintf("services.discover in %s: add what tells them apart, such as {env=\"production\"}", file),
		"%s by several results that differ in %s, and taken for one service each", isFound(several), strings.Join(c.Match, ", "))}
}

func isFound(names []string) string {
	if len(names) == 1 {
		return names[0] + " is found"
	}
	return someOf(names) + " are found"
}

func (d discovered) differ(name string, match []string) bool {
	first := d.series[name][0]
	return slices.ContainsFunc(d.series[name], func(s sources.Series) bool {
		return slices.ContainsFunc(match, func(label string) bool { return s.Labels[label] != first.Labels[label] })
	})
}
