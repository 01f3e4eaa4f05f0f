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

// verify waits until every acknowledged change has reached a final state, and returns
// all violations.
func (l *lane) verify(ctx context.Context) ([]string, error) {
	_, violations, err := l.examine(ctx)
	return prefixed(l.name, violations), err
}

// examine is verify, and returns what it found of each change.
func (l *lane) examine(ctx context.Context) (found map[string]api.Explanation, violations []string, err error) {
	found, late, err := l.awaitEnds(ctx)
	if err != nil {
		return nil, nil, err
	}
	calls, err := l.receiver.callsOf(l.name)
	if err != nil {
		return nil, nil, err
	}
	violations = append(append(l.broken, late...), l.checkCalls(calls)...)
	for _, c := range l.all() {
		e, ok := found[c.key]
		if c.lastAcknowledged() == "" {
			continue
		}
		if !ok {
			continue // awaitEnds has noted it
		}
		violations = append(violations, checkTaken(c, e)...)
		violations = append(violations, checkCause(c, e, callsFor(calls, c))...)
	}
	return found, violations, nil
}

// awaitEnds reads every acknowledged change until it is final.
func (l *lane) awaitEnds(ctx context.Context) (found map[string]api.Explanation, late []string, err error) {
	found = map[string]api.Explanation{}
	ended := within(ctx, l.patience, func() bool {
		l.decide(ctx)
		late, err = l.unfinished(ctx, found)
		return len(late) == 0 || err != nil
	})
	if !ended {
		l.say("some changes have not ended within %s", l.patience)
	}
	for _, c := range l.all() {
		if _, ok := found[c.key]; !ok && c.lastAcknowledged() != "" {
			late = append(late, fmt.Sprintf("%s %s was answered 2xx, and is not stored", c.service, c.version))
		}
	}
	return found, late, err
}

// unfinished reads every change that has not ended yet, and returns those that still
// have not. It skips a change that does not exist, because waiting does not help then.
func (l *lane) unfinished(ctx context.Context, found map[string]api.Explanation) (late []string, err error) {
	for _, c := range l.all() {
		if c.lastAcknowledged() == "" || finished(found[c.key]) {
			continue
		}
		var e api.Explanation
		switch status, err := l.front.ask(ctx, http.MethodGet, "/v1/changes/"+c.key, nil, &e); {
		case status == http.StatusNotFound:
			continue
		case err != nil:
			return late, fmt.Errorf("asking for %s: %w", c.key, err)
		}
		if found[c.key] = e; !finished(e) {
			late = append(late, fmt.Sprintf("%s %s was answered 2xx, and has not ended within %s: %s", c.service, c.version, l.patience, describe(e)))
		}
	}
	return late, nil
}

// finished reports whether a change and its order are final.
func finished(e api.Explanation) bool {
	for _, w := range e.Watches {
		if w.EndedAt.IsZero() && w.After.IsZero() { // a recovery watch may go on
			return false
		}
	}
	return len(e.Watches) > 0 && (e.Order == nil || rollback.State(e.Order.State).Final())
}

func describe(e api.Explanation) string {
	words := []string{"change " + e.Change.State}
	if e.Order != nil {
		words = append(words, "order "+e.Order.State+" "+e.Order.Why)
	}
	return strings.Join(words, ", ")
}

// checkTaken compares the stored change with the events that were answered 2xx.
func checkTaken(c *change, e api.Explanation) (violations []string) {
	if acknowledged := c.lastAcknowledged(); e.Change.Status != acknowledged && e.Change.Status != lastSent(c) {
		violations = append(violations, fmt.Sprintf("%s %s: %s was answered 2xx, and the change is %s", c.service, c.version, acknowledged, e.Change.Status))
	}
	acted := e.Order != nil && (e.Order.State == string(rollback.Done) || e.Order.State == string(rollback.Unknown))
	if c.bad && c.newer == nil && c.lastAcknowledged() == sources.Succeeded && !acted {
		violations = append(violations, fmt.Sprintf("%s %s is certainly bad, nothing prevented a rollback, and it was not rolled back: %s", c.service, c.version, describe(e)))
	}
	if e.Order != nil && e.Order.State == string(rollback.Unknown) && !tellsUnknown(e.Messages) {
		violations = append(violations, fmt.Sprintf("%s %s: nobody was notified that the outcome is unknown", c.service, c.version))
	}
	return violations
}

// lastSent is the last status that was sent. The stored change may have it without an
// answer, because an event may be stored although its answer was lost.
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

// checkCause checks the reason of every rollback request of a change: the change is bad,
// and a certain verdict was recorded before.
func checkCause(c *change, e api.Explanation, calls []call) (violations []string) {
	if len(calls) == 0 {
		return nil
	}
	what := c.service + " " + c.version
	violations = checkTarget(c, calls)
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
		violations = append(violations, what+" was rolled back before the order was recorded")
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
			violations = append(violations, "a rollback of "+what+", which was never deployed")
		case !again:
			first[what] = c
		case c.To == onceHook:
			violations = append(violations, what+": two rollback requests by a hook that must not be called twice")
		case c.Key != f.Key || c.Body != f.Body:
			violations = append(violations, what+": a second rollback request has another key or body")
		}
	}
	return violations
}

// callsOf reads the rollback requests of a daemon from the ledger, oldest first.
func (r *receiver) callsOf(daemon string) (calls []call, err error) {
	all, err := r.received(daemon)
	for _, c := range all {
		if c.rollback() {
			calls = append(calls, c)
		}
	}
	return calls, err
}

// received reads all requests of a daemon from the ledger.
func (r *receiver) received(daemon string) (calls []call, err error) {
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

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// within checks a condition until it holds. It is false if the limit passes first.
func within(ctx context.Context, limit time.Duration, holds func() bool) bool {
	for deadline := time.Now().Add(limit); !holds(); pause(ctx, 100*time.Millisecond) {
		if time.Now().After(deadline) || ctx.Err() != nil {
			return false
		}
	}
	return true
}
