package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/doctor"
	"github.com/pushback/pushback/internal/survey"
)

func (a initAnswer) print(out terminal) {
	fmt.Fprintf(out, "found %s:\n", counted(len(a.Services), "service"))
	width := 0
	for _, s := range a.Services {
		width = max(width, len(clean(s.Name)))
	}
	for _, s := range a.Services {
		fmt.Fprintf(out, "  %-*s  %s\n", width, clean(s.Name), s.line(out))
		for _, more := range s.details() {
			fmt.Fprintf(out, "  %-*s  %s\n", width, "", out.paint(styleDoubt, more))
		}
	}
	a.printReadiness(out)
	for _, file := range a.Files {
		fmt.Fprintf(out, "wrote %s\n", shown(file))
	}
}

// printReadiness says from when on there is history enough.
func (a initAnswer) printReadiness(out terminal) {
	for _, c := range doctor.History(a.Ready, time.Now()) {
		style := styleGood
		if c.Status != doctor.OK {
			style = styleDoubt
		}
		fmt.Fprintf(out, "  %s\n", out.paint(style, c.Reason))
	}
}

// line says what the rules see of a service, and by what it was recognised.
func (s initService) line(out terminal) string {
	by := s.recognisedBy()
	switch {
	case by == "" && s.Guess == nil:
		return out.paint(styleBad, "not recognised: ") + "no metric that counts requests or jobs"
	case by == "":
		return out.paint(styleBad, "not recognised: ") + "did you mean " + s.Guess.Requests + "? rules/start.yml has a rule to uncomment"
	case s.Coverage == nil:
		return by
	}
	return coverageLine(out, *s.Coverage) + ", by " + by
}

// recognisedBy are the metrics by which a service is recognised.
func (s initService) recognisedBy() string {
	var all []string
	for _, k := range s.Known {
		if !slices.Contains(all, k.Metrics[0]) {
			all = append(all, k.Metrics[0])
		}
	}
	if s.Guess != nil && s.Guess.Sure {
		all = append(all, s.Guess.Requests+" (by the form of its name)")
	}
	return strings.Join(all, ", ")
}

// details are what is missing, and what to write instead.
func (s initService) details() (all []string) {
	if s.Coverage != nil {
		for _, d := range warningsOf(*s.Coverage) {
			all = append(all, d.String())
		}
	}
	if s.Guess != nil && !s.Guess.Sure && s.recognisedBy() != "" {
		all = append(all, "requests: did you mean "+s.Guess.Requests+"? rules/start.yml has a rule to uncomment")
	}
	return all
}

// printAmbiguities says which of several ways to count requests is read.
func printAmbiguities(out terminal, all []survey.Ambiguity, choices map[string]string) {
	for _, a := range all {
		read := a.Known[0]
		var names []string
		for _, k := range a.Known {
			names = append(names, k.Metrics[0])
			if choices[a.Service] == k.Convention {
				read = k
			}
		}
		fmt.Fprintf(out, "%s counts its requests in %s; the rules read %s\n", clean(a.Service), strings.Join(names, " and "), read.Metrics[0])
	}
}
