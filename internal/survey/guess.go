package survey

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// Guess is what the metrics of a service of no known convention look like: a counter of requests
// and a duration, whose names often begin with the application's own.
type Guess struct {
	Requests string `json:"requests"`           // the counter
	Failed   string `json:"failed,omitempty"`   // matchers of those that failed; empty: no label says it
	Duration string `json:"duration,omitempty"` // the histogram or summary, without _count
	Unit     string `json:"unit,omitempty"`     // of the duration, where its name does not say it
	Sure     bool   `json:"sure"`               // the label that says how a request ended was seen to have such values
}

// The most that is read of a store to guess.
const (
	mostGuessed = 50   // services
	mostMetrics = 2000 // names of a service
	mostSeries  = 50   // of one counter
	mostTried   = 5    // counters of a service
)

// requestWords are the words of names that count requests or jobs, and parts of names that are
// about a process or about the monitoring.
var (
	requestWords = regexp.MustCompile(`(?i)(^|_)(requests?|responses?|calls?|rpcs?|http|handled|jobs?|tasks?|messages?|orders?|transactions?|operations?|events?)(_|$)`)
	counterWords = regexp.MustCompile(`(_total|_count|_requests|_calls)$`)
	otherWords   = regexp.MustCompile(`^(go|process|python|nodejs|jvm|dotnet|promhttp|prometheus|scrape|net_conntrack|grpc_client|http_client|rest_client|rpc_client)_|_(client|bytes|created|in_flight|inflight|in_progress|size)(_|$)`)
	timeWords    = regexp.MustCompile(`(?i)(duration|latency|time|seconds|milliseconds|microseconds)`)
)

// guesses asks for the metrics of services of which nothing known shows requests.
func (s *scan) guesses(services []Service, say func(string)) error {
	asked := 0
	for i, one := range services {
		if serves(one) || asked == mostGuessed {
			continue
		}
		if asked++; asked == 1 {
			say("asking what the metrics of the others look like")
		}
		guess, err := s.guess(one.Name)
		if err != nil {
			return err
		}
		services[i].Guess = guess
	}
	return nil
}

// guess asks for the names of a service's metrics, then for the labels of what looks like a
// counter of requests. nil: nothing does.
func (s *scan) guess(service string) (*Guess, error) {
	selects := fmt.Sprintf("%s=%q", s.name, service)
	series, err := s.ask(fmt.Sprintf("topk(%d, count by (%s) ({%s}))", mostMetrics, nameLabel, selects))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, one := range series {
		names = append(names, one.Labels[nameLabel])
	}
	var best *Guess
	for _, counter := range counters(names) {
		labels, err := s.ask(fmt.Sprintf("topk(%d, %s{%s})", mostSeries, counter, selects))
		if err != nil {
			return nil, err
		}
		g := guessOf(counter, labels, names)
		if best == nil || g.better(*best) {
			best = &g
		}
	}
	return best, nil
}

// better prefers what shows failures, then what shows durations.
func (g Guess) better(other Guess) bool {
	score := func(g Guess) (n int) {
		if g.Sure {
			n += 4
		}
		if g.Failed != "" {
			n += 2
		}
		if g.Duration != "" {
			n++
		}
		return n
	}
	return score(g) > score(other)
}

// counters are the names that look like counters of requests, the likeliest first.
func counters(names []string) []string {
	var all []string
	for _, name := range names {
		if counterWords.MatchString(name) && requestWords.MatchString(name) && !otherWords.MatchString(name) {
			all = append(all, name)
		}
	}
	rank := func(name string) int {
		switch {
		case strings.Contains(name, "request"):
			return 0
		case strings.Contains(name, "http"), strings.Contains(name, "rpc"):
			return 1
		}
		return 2
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	return all[:min(len(all), mostTried)]
}

// guessOf is a counter, with the label that says how its requests ended, and the duration whose
// name is most like its own.
func guessOf(counter string, series []sources.Series, names []string) Guess {
	g := Guess{Requests: counter}
	g.Failed, g.Sure = failures(series)
	g.Duration = duration(counter, names)
	return g
}

// failures are matchers of the label that says how a request ended, and whether it was seen to
// have a value that says so.
func failures(series []sources.Series) (matchers string, sure bool) {
	for _, habit := range rules.StatusHabits() {
		values := map[string]bool{}
		for _, s := range series {
			if v := s.Labels[habit.Label]; v != "" {
				values[v] = true
			}
		}
		if len(values) == 0 {
			continue
		}
		telling := slices.ContainsFunc(slices.Collect(maps.Keys(values)), tellsOutcome.MatchString)
		if telling || matchers == "" {
			matchers, sure = habit.Matchers(), telling
		}
		if telling {
			return matchers, true
		}
	}
	return matchers, sure
}

// tellsOutcome matches values that say how a request ended.
var tellsOutcome = regexp.MustCompile(`(?i)^([1-5]\d\d|[1-5]xx|ok|success(ful)?|succeeded|error|errors|fail|failed|failure|true|false|yes|no|timeout|server_error|completed)$`)

// duration is the histogram or summary whose name begins most like the counter's: the longest
// common beginning counts, then the shorter name.
func duration(counter string, names []string) string {
	best, common := "", 0
	for _, name := range names {
		base, ok := strings.CutSuffix(name, "_sum")
		if !ok || !timeWords.MatchString(base) || otherWords.MatchString(base) || !slices.Contains(names, base+"_count") {
			continue
		}
		n := commonBeginning(counter, base)
		if n > common || n == common && n > 0 && len(base) < len(best) {
			best, common = base, n
		}
	}
	return best
}

// commonBeginning is how many words two names begin with alike.
func commonBeginning(a, b string) (n int) {
	x, y := strings.Split(a, "_"), strings.Split(b, "_")
	for n < len(x) && n < len(y) && strings.TrimSuffix(x[n], "s") == strings.TrimSuffix(y[n], "s") {
		n++
	}
	return n
}
