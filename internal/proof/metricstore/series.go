package metricstore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// metric is all series of one name.
type metric struct {
	name     string
	variants []labels.Label // one series each; without one, the series has no such label
	single   bool           // of one instance only
	global   bool           // of machines, not of services
	samples  func(target) samplesOf
}

// codeFailed is the variant of http_requests_total that counts failures.
const codeFailed = 1

// machines is how many targets besides the services are scraped.
const machines = 5

// known are all metrics of the store.
var known = []metric{
	{name: "http_requests_total", variants: []labels.Label{{Name: "code", Value: "200"}, {Name: "code", Value: "500"}}, samples: target.requestsByCode},
	{name: "http_request_duration_seconds_sum", samples: target.seconds},
	{name: "http_request_duration_seconds_count", samples: target.requestCount},
	{name: "http_request_duration_seconds_bucket", variants: edgeLabels(), samples: target.bucket},
	{name: "queue_depth", single: true, samples: target.queue},
	{name: "sales_total", single: true, samples: target.sales},
	{name: "service_info", single: true, samples: target.one},
	{name: "up", global: true, samples: target.one},
}

func edgeLabels() (all []labels.Label) {
	for _, e := range edges {
		all = append(all, labels.Label{Name: "le", Value: e.le})
	}
	return all
}

// ServiceName is the name of a service by its number.
func ServiceName(n int) string { return fmt.Sprintf("service-%05d", n) }

// serviceNumber is −1 where no service of the store has the name.
func (s *Store) serviceNumber(name string) int {
	digits, ok := strings.CutPrefix(name, "service-")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 0 || n >= s.options.Services || ServiceName(n) != name {
		return -1
	}
	return n
}

// series is one series of a selection.
type series struct {
	target
	metric *metric
}

// labels are the series' labels.
func (x series) labels() labels.Labels {
	var b labels.ScratchBuilder
	b.Add(model.MetricNameLabel, x.metric.name)
	if x.metric.variants != nil {
		b.Add(x.metric.variants[x.variant].Name, x.metric.variants[x.variant].Value)
	}
	b.Add("instance", instanceName(x.instance))
	if x.metric.global {
		b.Add("job", "machines")
	} else {
		b.Add("service", ServiceName(x.service))
	}
	return b.Labels()
}

func instanceName(n int) string { return "i-" + strconv.Itoa(n) }

// selection returns the series that match. A service that is named, alone or as one of
// several, is found by its name; other patterns are tried on every service.
func (s *Store) selection(matchers []*labels.Matcher) (all []series) {
	for i := range known {
		m := &known[i]
		if !matches(matchers, model.MetricNameLabel, m.name) {
			continue
		}
		services, instances := s.places(m, matchers)
		variants := m.keptVariants(matchers)
		for _, service := range services {
			for _, instance := range instances {
				for _, variant := range variants {
					all = append(all, series{target{s, service, instance, variant}, m})
				}
			}
		}
	}
	return all
}

// places are where a metric is scraped, as far as it matches.
func (s *Store) places(m *metric, matchers []*labels.Matcher) (services, instances []int) {
	n := s.options.Instances
	switch {
	case m.global:
		services, n = s.machinesIf(matchers), machines
	case m.single:
		services, n = s.services(matchers), 1
	default:
		services = s.services(matchers)
	}
	for i := range n {
		if matches(matchers, "instance", instanceName(i)) {
			instances = append(instances, i)
		}
	}
	return services, instances
}

// keptVariants are the variants that match. A label that the metric lacks is empty.
func (m *metric) keptVariants(matchers []*labels.Matcher) (kept []int) {
	own := ""
	for v := range max(len(m.variants), 1) {
		ok := true
		if m.variants != nil {
			own = m.variants[v].Name
			ok = matches(matchers, own, m.variants[v].Value)
		}
		if ok {
			kept = append(kept, v)
		}
	}
	for _, x := range matchers {
		names := []string{model.MetricNameLabel, "instance", "service", "job", own}
		if !slices.Contains(names, x.Name) && !x.Matches("") {
			return nil
		}
	}
	return kept
}

func (s *Store) machinesIf(matchers []*labels.Matcher) []int {
	if matches(matchers, "service", "") && matches(matchers, "job", "machines") {
		return []int{0}
	}
	return nil
}

func (s *Store) services(matchers []*labels.Matcher) (found []int) {
	if !matches(matchers, "job", "") {
		return nil
	}
	for _, m := range matchers {
		if m.Name == "service" && (m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp && len(m.SetMatches()) > 0) {
			return s.named(m, matchers)
		}
	}
	for n := range s.options.Services {
		if matches(matchers, "service", ServiceName(n)) {
			found = append(found, n)
		}
	}
	return found
}

// named are the services that a matcher names, and that the others do not exclude.
func (s *Store) named(m *labels.Matcher, others []*labels.Matcher) (found []int) {
	names := []string{m.Value}
	if m.Type == labels.MatchRegexp {
		names = m.SetMatches()
	}
	for _, name := range names {
		if n := s.serviceNumber(name); n >= 0 && matches(others, "service", name) {
			found = append(found, n)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func matches(matchers []*labels.Matcher, label, value string) bool {
	for _, m := range matchers {
		if m.Name == label && !m.Matches(value) {
			return false
		}
	}
	return true
}
