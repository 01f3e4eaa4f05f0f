package doctor

import (
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/readiness"
)

// History says of each signal of each rule from when on changes can be judged by it. Times are
// shown in the zone of now.
func History(all []readiness.Signal, now time.Time) (checks []Check) {
	var order []string
	by := map[string][]readiness.Signal{}
	for _, s := range all {
		name := s.Rule + " " + s.Signal
		if by[name] == nil {
			order = append(order, name)
		}
		by[name] = append(by[name], s)
	}
	for _, name := range order {
		checks = append(checks, ready(name, by[name], now))
	}
	return checks
}

// ready is the readiness of one signal for several services.
func ready(name string, all []readiness.Signal, now time.Time) Check {
	if never := all[0].Never; never != "" {
		return Of(HistoryArea, name, Warn, "history: 14d   # in the rule "+all[0].Rule, "%s says suspect at most; %s", name, never)
	}
	var said []string
	status, last := OK, time.Time{}
	for _, state := range []detector.ReadyState{detector.ReadyNow, detector.ReadyLater, detector.ReadyStill, detector.ReadyGappy, detector.ReadyEmpty} {
		some, from := inState(all, state)
		if len(some) == 0 {
			continue
		}
		if state != detector.ReadyNow && state != detector.ReadyStill {
			status = Warn
		}
		if from.After(last) {
			last = from
		}
		said = append(said, sentence(state, from, now)+forServices(some, len(all)))
	}
	c := Of(HistoryArea, name, status, "", "%s %s", name, strings.Join(said, "; "))
	if c.waits = !last.IsZero(); c.waits {
		c.Next = "wait until " + clockTime(last, now) + ", and run pushback doctor again; limits and counts of events are judged before"
	}
	return c
}

// inState are the services of one state, and the latest time from which on one of them is ready.
func inState(all []readiness.Signal, state detector.ReadyState) (services []string, latest time.Time) {
	for _, s := range all {
		if s.State == state {
			services = append(services, s.Service)
			if s.From.After(latest) {
				latest = s.From
			}
		}
	}
	return services, latest
}

func sentence(state detector.ReadyState, from, now time.Time) string {
	switch state {
	case detector.ReadyNow:
		return "can be judged at once"
	case detector.ReadyLater:
		return "can be judged from " + clockTime(from, now) + " on"
	case detector.ReadyStill:
		return "has never moved, so that statistics say suspect at most"
	case detector.ReadyGappy:
		return "has a value in fewer than half of its newest ticks, so that statistics say suspect at most"
	default:
		return "has no data now"
	}
}

// forServices names the services, where they are not all.
func forServices(some []string, all int) string {
	if len(some) == all {
		return ""
	}
	return fmt.Sprintf(" for %s", someOf(some))
}

// clockTime is a time as people say it: 09:40, and with the day where that is another.
func clockTime(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Second() > 0 || t.Nanosecond() > 0 { // not before it is true
		t = t.Truncate(time.Minute).Add(time.Minute)
	}
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("Mon 15:04")
}
