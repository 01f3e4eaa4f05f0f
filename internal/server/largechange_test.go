package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// storeRolledBack stores what makes the longest page there is: a change with 20 signals and 960 ticks before and after,
// all of them certain, which was rolled back after a person had approved it, with two other rules of as many
// signals: one that found nothing, and the one that looks whether the rollback helped.
func storeRolledBack(tb testing.TB, st *store.Store) (key string) {
	tb.Helper()
	const signals, ticks = 20, 960
	b := newBakeOf(tb, st, "checkout", "checkout_payments.latency_of_provider.%d", signals, ticks, testNow.Add(-33*time.Hour))
	b.grade, b.adds = detector.Certain, addsAll
	b.look(tb, st, ticks)
	ended := b.o.At
	second := b.another(tb, st, b.w)
	second.w.ID, second.w.Rule, second.w.Grade = b.key+".saturation", "saturation", detector.None
	b.isRolledBack(tb, st, ended)
	recovery := b.another(tb, st, b.w.Recovery(ended.Add(time.Minute), ended.Add(time.Minute)))
	for _, other := range []*bake{second, recovery} {
		if err := st.PlanChange(tb.Context(), b.key, []watch.Watch{other.w}); err != nil {
			tb.Fatal(err)
		}
		other.look(tb, st, ticks)
		other.ends(tb, st, watch.Healthy, store.Effects{})
	}
	return b.key
}

// addsAll adds to the evidence of a signal everything that a page can show of it.
func addsAll(i int, e *detector.Evidence) {
	e.P, e.RawP, e.Healthy, e.Smallest, e.AlarmRate = 0.0004, 0.0002, false, 0.002, 0.004
	e.Tests = []detector.Test{detector.ByCounts, detector.ByScan, detector.ByLimit}
	e.Counts = &detector.Tally{BadBefore: 452, TotalBefore: 90417, BadAfter: 1084, TotalAfter: 36118, Overdispersion: 1.4}
	e.Spread = &detector.Spread{Before: detector.Quantiles{P50: 0.2, P90: 0.24, P99: 0.31}, After: detector.Quantiles{P50: 0.22, P90: 0.29, P99: 1.2}}
	e.Onset = testNow.Add(-32*time.Hour + time.Duration(i)*time.Second)
	e.Notes = []string{"The interval is for the mean of the 960 minutes seen so far.", "The history covers 9 min; the count test speaks without it, the scan of the ratio does not."}
}

// another is a bake of the same signals under another watch.
func (b *bake) another(tb testing.TB, st *store.Store, w watch.Watch) *bake {
	tb.Helper()
	other := *b
	other.w, other.ticks, other.grade, other.adds = w, 0, detector.None, nil
	other.o.Readings = nil
	for _, r := range b.o.Readings {
		other.o.Readings = append(other.o.Readings, detector.Reading{Signal: r.Signal, Supply: r.Supply, Before: r.Before})
	}
	return &other
}

// ends moves the watch to a state in which nothing is looked at any more.
func (b *bake) ends(tb testing.TB, st *store.Store, state watch.State, e store.Effects) {
	tb.Helper()
	to := b.w
	to.State, to.Grade, to.Next, to.EndedAt = state, b.grade, time.Time{}, b.o.At
	moved, _, _, err := st.MoveWatch(tb.Context(), b.w, to, e)
	if err != nil || !moved {
		tb.Fatal(moved, err)
	}
	to.Revision = b.w.Revision + 1
	b.w = to
}

// isRolledBack ends the watch with an order that a person approved and that is done, and with a long history.
func (b *bake) isRolledBack(tb testing.TB, st *store.Store, at time.Time) {
	tb.Helper()
	found, err := st.FindByKey(tb.Context(), b.key)
	if err != nil {
		tb.Fatal(err)
	}
	e := store.Effects{Order: &rollback.Order{
		Key: b.key, Change: found[0].Change, Rule: "red", Hook: "redeploy", Target: "1.4.1", State: rollback.Decided, Epoch: found[0].Epoch,
		CreatedAt: at, DecidedAt: at.Add(20 * time.Second), Actor: "Amy Lovelace (by the link of the message)",
		Why: "it is the payments provider again, and the next window is tomorrow", Evidence: []byte(`{"rule":"red"}`),
	}}
	for i := range 30 {
		then := at.Add(time.Duration(i-30) * time.Second)
		e.Entries = append(e.Entries, store.Entry{At: then, ChangeKey: b.key, Actor: "guards", Action: "permit", Detail: []byte(`{"refusals":[{"guard":"fleet","why":"too much is bad at once"}]}`)})
		e.Outgoing = append(e.Outgoing, store.Outgoing{
			ID: fmt.Sprint(b.key, ".chat", i), ChangeKey: b.key, Receiver: "platform-chat", State: store.Sent, CreatedAt: then,
			Message: notify.Message{Kind: "regression", Severity: notify.Error, Title: "checkout 1.4.20 in production: regressed, certain — checkout_payments.latency_of_provider.3 200 ms → 220 ms"},
		})
	}
	b.ends(tb, st, watch.Regressed, e)
	claim, won, err := st.ClaimOrder(tb.Context(), b.key, found[0].Epoch, at.Add(21*time.Second))
	if err != nil || !won {
		tb.Fatal(won, err)
	}
	done := store.OrderResult{
		Key: b.key, Claim: claim, State: rollback.Done, At: at.Add(time.Minute),
		Receipt: rollback.Receipt{At: at.Add(time.Minute), Status: "200 OK, pipeline 1234567 of deploy/production has succeeded"},
	}
	if won, err = st.FinishOrder(tb.Context(), done); err != nil || !won {
		tb.Fatal(won, err)
	}
}
