package accuracy

import (
	"slices"
	"sort"

	"github.com/pushback/pushback/detector"
)

// callers are the services that call a service, by their source, of the services that faults
// were put into; the gateway calls those that people's requests go to. What delays a pod's
// answers on their way is not in the pod's own latency.
var callers = map[string][]string{
	"ts-basic-service":             {"ts-travel-service", "ts-travel2-service"},
	"ts-contacts-service":          {"ts-gateway-service", "ts-preserve-service", "ts-preserve-other-service"},
	"ts-food-service":              {"ts-gateway-service", "ts-preserve-service", "ts-preserve-other-service"},
	"ts-preserve-service":          {"ts-gateway-service"},
	"ts-price-service":             {"ts-basic-service"},
	"ts-route-service":             {"ts-basic-service", "ts-travel-service", "ts-travel2-service"},
	"ts-security-service":          {"ts-preserve-service", "ts-preserve-other-service"},
	"ts-travel-service":            {"ts-gateway-service", "ts-preserve-service", "ts-route-plan-service", "ts-travel-plan-service"},
	"ts-travel2-service":           {"ts-gateway-service", "ts-preserve-other-service", "ts-route-plan-service", "ts-travel-plan-service"},
	"ts-verification-code-service": {"ts-gateway-service", "ts-auth-service"},
}

// callerLatency is the column of callers that is watched. Higher is worse.
const callerLatency = "PodServerLatencyP95(s)"

// watchCallers judges the latency of the services that call the pod, which is a rule that its
// people could write.
func (r Recording) watchCallers(w podWatch) podOutcome {
	run := newPodRun()
	for _, service := range callers[w.pod.Service] {
		if from, ok := r.caller(w, service); ok {
			history, after := r.values(w, from, callerLatency)
			run.add(detector.Signal{Name: service, Worse: detector.Higher}, history, after)
		}
	}
	return run.judge()
}

// caller is the view of another service's pod at the moment of a watch.
func (r Recording) caller(w podWatch, service string) (podView, bool) {
	at := w.pod.Times[w.row]
	for day, pods := range r.Days {
		i := slices.IndexFunc(pods, func(p Pod) bool { return p.Service == service && hasRowNear(p.Times, at) })
		if i < 0 {
			continue
		}
		other := r.otherDay(day, service)
		return podView{pod: &pods[i], other: other, row: rowNear(pods[i].Times, at)}, other != nil
	}
	return podView{}, false
}

// rowNear is the first row that is at most half a minute before a moment.
func rowNear(times []int64, at int64) int {
	return sort.Search(len(times), func(i int) bool { return times[i] >= at-30 })
}

func hasRowNear(times []int64, at int64) bool {
	row := rowNear(times, at)
	return row < len(times) && times[row] <= at+60
}
