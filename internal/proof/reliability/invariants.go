package reliability

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// verify waits until everything the driver was told is taken has come to an
// end, and gives every violation it finds.
func (l *lane) verify(ctx context.Context) ([]string, error) {
	found, late, err := l.settled(ctx)
	if err != nil {
		return nil, err
	}
	calls, err := l.receiver.callsOf(l.name)
	if err != nil {
		return nil, err
	}
	violations := append(append(l.broken, late...), l.checkCalls(calls)...)
	for _, c := range l.all() {
		e, ok := found[c.key]
		if c.told() == "" {
			continue
		}
		if !ok {
			continue // told as late or lost
		}
		violations = append(violations, checkTaken(c, e)...)
		violations = append(violations, checkCause(c, e, callsFor(calls, c))...)
	}
	return prefixed(l.name, violations), nil
}

// settled asks for every change that was answered 2xx until it is final.
func (l *lane) settled(ctx context.Context) (found map[string]api.Explanation, late []string, err error) {
	found = map[string]api.Explanation{}
	ended := within(ctx, l.patience, func() bool {
		l.decide(ctx)
		late, err = l.unsettled(ctx, found)
		return len(late) == 0 || err != nil
	})
	if !ended {
		l.say("not everything has ended within %s", l.patience)
	}
	for _, c := range l.all() {
		if _, ok := found[c.key]; !ok && c.told() != "" {
			late = append(late, fmt.Sprintf("%s %s was answered 2xx, and is not there", c.service, c.version))
		}
	}
	return found, late, err
}

// unsettled asks for every change that is not known to have ended, and says
// which have not. One that is not there will not come.
func (l *lane) unsettled(ctx context.Context, found map[string]api.Explanation) (late []string, err error) {
	for _, c := range l.all() {
		if c.told() == "" || over(found[c.key]) {
			continue
		}
		var e api.Explanation
		switch status, err := l.daemon.ask(ctx, http.MethodGet, "/v1/changes/"+c.key, nil, &e); {
		case status == http.StatusNotFound:
			continue
		case err != nil:
			return late, fmt.Errorf("asking for %s: %w", c.key, err)
		}
		if found[c.key] = e; !over(e) {
			late = append(late, fmt.Sprintf("%s %s was answered 2xx, and has not ended within %s: %s", c.service, c.version, l.patience, standing(e)))
		}
	}
	return late, nil
}

// over says whether a change has come to its end, and its order too.
func over(e api.Explanation) bool {
	for _, w := range e.Watches {
		if w.EndedAt.IsZero() && w.After.IsZero() { // the watch of a rollback may go on
			return false
		}
	}
	return len(e.Watches) > 0 && (e.Order == nil || rollback.State(e.Order.State).Final())
}

func standing(e api.Explanation) string {
	words := []string{"change " + e.Change.State}
	if e.Order != nil {
		words = append(words, "order "+e.Order.State+" "+e.Order.Why)
	}
	return strings.Join(words, ", ")
}

// checkTaken holds what stands in the store against what was answered 2xx.
func checkTaken(c *change, e api.Explanation) (violations []string) {
	if told := c.told(); e.Change.Status != told && e.Change.Status != lastSent(c) {
		violations = append(violations, fmt.Sprintf("%s %s: %s was answered 2xx, and the change is %s", c.service, c.version, told, e.Change.Status))
	}
	acted := e.Order != nil && (e.Order.State == string(rollback.Done) || e.Order.State == string(rollback.Unknown))
	if c.bad && c.newer == nil && c.told() == sources.Succeeded && !acted {
		violations = append(violations, fmt.Sprintf("%s %s is certainly bad, nothing stood in the way, and it was not rolled back: %s", c.service, c.version, standing(e)))
	}
	if e.Order != nil && e.Order.State == string(rollback.Unknown) && !tellsUnknown(e.Messages) {
		violations = append(violations, fmt.Sprintf("%s %s: nobody was told that the outcome is unknown", c.service, c.version))
	}
	return violations
}

// lastSent is the status a change may have beyond what was answered: an event
// may be on disk although its answer was lost.
func lastSent(c *change) sources.Status {
	if len(c.events) == 0 {
		return ""
	}
	return c.events[len(c.events)-1].Event.Status
}

func tellsUnknown(messages []api.Message) bool {
	for _, m := range messages {
		if strings.Contains(m.Title, "OUTCOME UNKNOWN") {
			return true
		}
	}
	return false
}

// checkCause asks for the reason of every rollback request of a change: a
// verdict that is certain, and a change that is bad.
func checkCause(c *change, e api.Explanation, calls []call) (violations []string) {
	if len(calls) == 0 {
		return nil
	}
	what := c.service + " " + c.version
	if !c.bad && !c.unclear {
		violations = append(violations, what+" is good, and was rolled back")
	}
	if c.newer != nil && !c.held.IsZero() && (c.freed.IsZero() || calls[0].At.Before(c.freed)) {
		violations = append(violations, what+" was rolled back although a newer change was known to be rolling")
	}
	if e.Order == nil {
		return append(violations, what+" was rolled back without an order")
	}
	var v detector.Verdict
	if err := json.Unmarshal(e.Order.Evidence, &v); err != nil || v.Grade != detector.Certain || v.Outcome != detector.Regressed {
		violations = append(violations, fmt.Sprintf("%s was rolled back on a verdict that is %s, %s", what, v.Outcome, v.Grade))
	}
	if e.Order.SentAt.IsZero() || e.Order.SentAt.After(calls[0].At) {
		violations = append(violations, what+" was rolled back before that was written down")
	}
	return violations
}

// checkCalls counts the rollback requests of a daemon by change.
func (l *lane) checkCalls(calls []call) (violations []string) {
	known := map[string]bool{}
	for _, c := range l.all() {
		known[c.service+" "+c.version] = true
	}
	first := map[string]call{}
	for _, c := range calls {
		what := c.Service + " " + c.Version
		f, again := first[what]
		switch {
		case !known[what]:
			violations = append(violations, "a rollback of "+what+", which nobody deployed")
		case !again:
			first[what] = c
		case c.To == onceHook:
			violations = append(violations, what+" was asked to be rolled back twice, by a hook that must not be called twice")
		case c.Key != f.Key || c.Body != f.Body:
			violations = append(violations, what+" was asked to be rolled back again with another key or body")
		}
	}
	return violations
}

// callsOf reads the rollback requests of a daemon back from disk, oldest first.
func (r *receiver) callsOf(daemon string) (calls []call, err error) {
	all, err := r.heard(daemon)
	for _, c := range all {
		if c.rollback() {
			calls = append(calls, c)
		}
	}
	return calls, err
}

// heard reads everything a daemon has sent.
func (r *receiver) heard(daemon string) (calls []call, err error) {
	r.mu.Lock()
	failures := r.failures
	r.mu.Unlock()
	if len(failures) > 0 {
		return nil, failures[0]
	}
	all, err := readLedger[call](r.file.Name())
	for _, c := range all {
		if c.Daemon == daemon {
			calls = append(calls, c)
		}
	}
	return calls, err
}

func callsFor(calls []call, c *change) (of []call) {
	for _, one := range calls {
		if one.Service == c.service && one.Version == c.version {
			of = append(of, one)
		}
	}
	return of
}

func prefixed(name string, lines []string) (all []string) {
	for _, line := range lines {
		all = append(all, name+": "+line)
	}
	return all
}

// pause waits, or less where ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// within asks until something holds; false where it does not in time.
func within(ctx context.Context, limit time.Duration, holds func() bool) bool {
	for deadline := time.Now().Add(limit); !holds(); pause(ctx, 100*time.Millisecond) {
		if time.Now().After(deadline) || ctx.Err() != nil {
			return false
		}
	}
	return true
}
