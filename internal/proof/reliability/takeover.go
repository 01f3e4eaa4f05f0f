package reliability

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// takeoverLimit is how long an order may be in sending, and until people are paged of an
// unknown outcome: a lease, a sweep, and what a busy machine adds. The time-out of the
// hooks, after which there would be an end without a take-over, is longer than a lease.
const takeoverLimit = time.Minute

// check adds to the violations of a lane those of its replicas.
func (l *replicaLane) check(ctx context.Context, what injury) ([]string, error) {
	found, violations, err := l.examine(ctx)
	if err != nil {
		return nil, err
	}
	all, err := l.awaitPages(ctx, found)
	if err != nil {
		return nil, err
	}
	for _, c := range l.all() {
		e := found[c.key]
		if e.Order == nil {
			continue
		}
		about := c.service + " " + c.version
		violations = append(violations, l.checkTakeover(about, e, all)...)
		violations = append(violations, checkLateCalls(about, e, callsFor(all, c))...)
		if what == terminating {
			violations = append(violations, l.checkKnown(about, e, callsFor(all, c))...)
		}
		if what == freezing {
			violations = append(violations, l.checkLostClaim(about, e)...)
		}
	}
	if what == freezing || what == sparing {
		violations = append(violations, l.checkTwice(all)...)
	}
	return prefixed(l.name, violations), nil
}

// journalLimit is how long the journal may be locked by a replica that was frozen within a
// transaction: less than its lease, because whoever takes over writes into it.
const journalLimit = store.ReplicaLease

// checkOther checks, while one replica is frozen, that the other can write into the journal.
// Every decision needs that.
func (l *replicaLane) checkOther(ctx context.Context, other int, when killPoint) {
	began := time.Now()
	hold := api.NewHold{Service: fmt.Sprint("nobody-", began.UnixNano()), Why: "a test", Actor: "the person at hand", Until: began.Add(time.Minute)}
	_, err := l.both[other].ask(ctx, http.MethodPost, "/v1/holds", hold, nil)
	if took := time.Since(began); took > journalLimit || err != nil {
		l.note(fmt.Errorf("while a replica was frozen %s, the other needed %s to write into the journal (%v)", when, took.Round(time.Second), err))
	}
}

// checkTakeover checks that an order ends in time although its replica was injured, and
// that people read in time that its outcome is unknown. Each further injury may cost a
// lease and a sweep.
func (l *replicaLane) checkTakeover(what string, e api.Explanation, all []call) (violations []string) {
	o := e.Order
	if o.SentAt.IsZero() || o.EndedAt.IsZero() {
		return nil
	}
	if took, limit := o.EndedAt.Sub(o.SentAt), l.limit(o.SentAt, o.EndedAt); took > limit {
		violations = append(violations, fmt.Sprintf("%s: the order ended %s after it was sent, want %s", what, took.Round(time.Second), limit))
	}
	if o.State != string(rollback.Unknown) {
		return violations
	}
	paged := pageOf(o, all)
	if paged < 0 {
		return append(violations, what+": no message arrived that the outcome is unknown")
	}
	if at := all[paged].At; at.Sub(o.SentAt) > l.limit(o.SentAt, at) {
		violations = append(violations, fmt.Sprintf("%s: people were paged %s after it was sent", what, at.Sub(o.SentAt).Round(time.Second)))
	}
	return violations
}

// awaitPages returns all requests when people were paged of every unknown outcome. After the
// last injury that may take a take-over for each message that comes before the page.
func (l *replicaLane) awaitPages(ctx context.Context, found map[string]api.Explanation) (all []call, err error) {
	within(ctx, l.patience, func() bool {
		if all, err = l.receiver.received(l.name); err != nil {
			return true
		}
		for _, e := range found {
			if e.Order != nil && e.Order.State == string(rollback.Unknown) && pageOf(e.Order, all) < 0 {
				return false
			}
		}
		return true
	})
	return all, err
}

// pageOf is the first message that the outcome of an order is unknown; -1 for none.
func pageOf(o *api.Order, all []call) int {
	return slices.IndexFunc(all, func(c call) bool {
		return !c.rollback() && strings.Contains(c.Title, "OUTCOME UNKNOWN") && strings.Contains(c.Body, o.Key)
	})
}

// limit is how long something may take that went on while replicas were injured.
func (l *replicaLane) limit(from, to time.Time) time.Duration {
	limit := takeoverLimit
	more := 0
	for _, i := range l.injuries {
		if i.over.After(from) && i.at.Before(to) {
			more++
		}
	}
	return limit + time.Duration(max(more-1, 0))*takeoverLimit/2
}

// clockSlack is how far the receiver's clock reading may be from the daemon's for one event.
const clockSlack = time.Second

// checkLateCalls checks that no hook is called for an order that has ended. A replica that
// was frozen before its call must notice that it was taken for dead.
func checkLateCalls(what string, e api.Explanation, calls []call) (violations []string) {
	for _, c := range calls {
		if !e.Order.EndedAt.IsZero() && c.At.After(e.Order.EndedAt.Add(clockSlack)) {
			violations = append(violations, fmt.Sprintf("%s: replica %s called the hook %s after the order had ended", what, c.Replica, c.At.Sub(e.Order.EndedAt).Round(time.Second)))
		}
	}
	return violations
}

// checkKnown checks that an answered call has a known outcome where no process died.
func (l *replicaLane) checkKnown(what string, e api.Explanation, calls []call) []string {
	if e.Order.State == string(rollback.Unknown) {
		return []string{fmt.Sprintf("%s: every call was answered, no process died, and the outcome is unknown: %d calls, %s", what, len(calls), e.Order.Why)}
	}
	return nil
}

// checkLostClaim checks that a replica that was frozen while its order was ended by the
// other one logs that it lost the claim.
func (l *replicaLane) checkLostClaim(what string, e api.Explanation) []string {
	o := e.Order
	if o.State != string(rollback.Unknown) {
		return nil
	}
	for _, i := range l.injuries {
		if i.replica != o.SentBy || o.SentAt.After(i.at) || o.EndedAt.Before(i.at) || o.EndedAt.After(i.over) {
			continue
		}
		log, err := os.ReadFile(l.both[l.index(i.replica)].logFile())
		if err != nil {
			return []string{err.Error()}
		}
		for line := range bytes.Lines(log) {
			if bytes.Contains(line, []byte("lost the claim")) && bytes.Contains(line, []byte(o.Key)) {
				return nil
			}
		}
		return []string{fmt.Sprintf("%s: replica %s was frozen and lost its claim (%s), and its log does not say so", what, i.replica, i.when)}
	}
	return nil
}

// checkTwice checks that no message is sent twice, except where its sender was frozen: just
// after it was sent, or just before, so that it sends when it goes on.
func (l *replicaLane) checkTwice(all []call) (violations []string) {
	first := map[string]call{}
	for _, c := range all {
		if c.rollback() || c.ID == "" {
			continue
		}
		f, again := first[c.ID]
		if !again {
			first[c.ID] = c
			continue
		}
		if !l.frozenAround(f.At, c.At) {
			violations = append(violations, fmt.Sprintf("message %s was sent at %s and again at %s", c.ID, f.At.Format(time.TimeOnly), c.At.Format(time.TimeOnly)))
		}
	}
	return violations
}

func (l *replicaLane) frozenAround(first, again time.Time) bool {
	const around = messagesTake + 2*time.Second
	return slices.ContainsFunc(l.injuries, func(i injured) bool {
		return first.Sub(i.at).Abs() < around || again.Sub(i.over).Abs() < around
	})
}
