package survey

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/proof/frameworks"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// wholeSignals are the signals with which a service is recognised whole, by library rule.
var wholeSignals = map[string][]string{
	"http-red": {"errors", "latency", "requests"}, "grpc": {"errors", "latency"}, "queue-consumer": {"failed"},
}

// leastWhole is the share of frameworks that must be recognised whole.
const leastWhole = 0.95

// TestEveryFrameworkIsRecognised: of a store with a job for each framework, all are listed, and
// the rules that are written for them see errors, durations and requests.
func TestEveryFrameworkIsRecognised(t *testing.T) {
	all, err := frameworks.All()
	if err != nil {
		t.Fatal(err)
	}
	var series []string
	for _, f := range all {
		target := fmt.Sprintf("job=%q,instance=%q", f.Name, f.Name+":80")
		series = append(series, "up{"+target+"}")
		for _, s := range slices.Concat(f.OK, f.Failed) {
			if one := s.With(target); !slices.Contains(series, one) {
				series = append(series, one)
			}
		}
	}
	s := store(t, series...)
	found, err := Scan(t.Context(), s, noon, quiet)
	if err != nil || len(found.Services) != len(all) {
		t.Fatalf("%d of %d services, %v", len(found.Services), len(all), err)
	}
	text := found.Rules(Header{Team: "shop", Environment: "production", At: noon})
	set, problems := rules.Load(fstest.MapFS{"start.yml": {Data: []byte(text)}}, rules.World{})
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, text)
	}
	whole := 0
	for _, f := range all {
		o := Options{
			Rules: set, Stores: map[string]gather.Ranger{"main": s}, Default: "main", At: noon,
			Like: sources.Change{Environment: "production", Kind: sources.Deploy},
		}
		lacks := lacking(f, o.Cover(t.Context(), rules.Service{Name: f.Name, Match: map[string]string{"job": f.Name}}))
		if len(lacks) == 0 {
			whole++
			continue
		}
		t.Logf("%s lacks %s", f.Name, strings.Join(lacks, ", "))
	}
	if share := float64(whole) / float64(len(all)); share < leastWhole {
		t.Errorf("%d of %d are recognised whole", whole, len(all))
	}
}

// lacking are the signals that the rules do not see of a framework.
func lacking(f frameworks.Framework, c Coverage) (all []string) {
	library := f.Rule
	if library == frameworks.Guess {
		library = "http-red"
	}
	for _, signal := range wholeSignals[library] {
		seen := slices.ContainsFunc(c.Covered, func(r RuleCoverage) bool {
			return strings.HasPrefix(r.Rule, library) && slices.Contains(r.Signals, signal) && len(r.Warnings) == 0
		})
		if !seen {
			all = append(all, signal)
		}
	}
	return all
}
