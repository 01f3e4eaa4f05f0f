package digest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/digest"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// source wants a digest at eight every morning.
type source struct{ empty bool }

func (s source) Digest() (rules.Schedule, bool, bool) {
	return rules.Schedule{Cron: "0 8 * * *", Zone: "Europe/London"}, s.empty, true
}

func (source) Send(context.Context, notify.Message) error { return nil }

// eight is eight in the morning of London in winter.
var eight = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

type replica struct {
	*store.Store
	now  time.Time
	fail bool
	sent []notify.Message
}

func (r *replica) keeper() *digest.Keeper {
	return digest.New(digest.Options{
		Store: r.Store, Text: messages.Composer{ExternalURL: "https://pushback.example"}, Log: slog.New(slog.DiscardHandler),
		Now: func(context.Context) (time.Time, error) { return r.now, nil },
		Send: func(ctx context.Context, rows []store.Outgoing) error {
			for _, row := range rows {
				created, err := r.PutOutgoing(ctx, row)
				if err != nil {
					return err
				}
				if created {
					r.sent = append(r.sent, row.Message)
				}
			}
			if r.fail {
				return errors.New("the process dies here")
			}
			return nil
		},
	})
}

// at has the digest sent that is due at a time.
func (r *replica) at(t *testing.T, now time.Time, s source) {
	t.Helper()
	r.now = now
	if err := r.keeper().RunDue(t.Context(), "ops", s); (err != nil) != r.fail {
		t.Fatal(err)
	}
}

// change stores a change that a rule has judged.
func (r *replica) change(t *testing.T, service string, at time.Time, state watch.State) store.Change {
	t.Helper()
	e := sources.Event{
		Source: "test", EventID: service + at.String(), ChangeID: service + at.String(), Kind: sources.Deploy, Service: service, Environment: "production", Version: "v2", Previous: "v1",
		Status: sources.Succeeded, At: at,
	}
	admitted, err := sources.Admit(e, nil, at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Accept(t.Context(), admitted, nil, at); err != nil {
		t.Fatal(err)
	}
	all, err := r.Changes(t.Context(), store.ChangeFilter{Service: service, Limit: 1})
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if state != "" {
		w := watch.Watch{ID: "w" + all[0].Key, ChangeKey: all[0].Key, Rule: "red", State: state, EndedAt: at.Add(time.Minute)}
		if err := r.PlanChange(t.Context(), all[0].Key, []watch.Watch{w}); err != nil {
			t.Fatal(err)
		}
	}
	return all[0]
}

func open(t *testing.T) *replica { return &replica{Store: storetest.Open(t, store.Open)} }

// body is the digest in one text.
func body(m notify.Message) string {
	lines := []string{m.Title}
	for _, s := range m.Sections {
		lines = append(lines, "# "+s.Title)
		for _, item := range s.Items {
			lines = append(lines, item.Text)
		}
	}
	return strings.Join(lines, "\n")
}

func TestDigest(t *testing.T) {
	r := open(t)
	r.change(t, "before", eight.Add(-time.Hour), watch.Regressed)
	r.change(t, "judged-since", eight.Add(-31*time.Minute).Add(30*time.Second), watch.Regressed)
	r.at(t, eight.Add(-30*time.Minute), source{}) // the first: from now on
	for i, state := range []watch.State{watch.Healthy, watch.Healthy, watch.Regressed, watch.Blind, watch.Inconclusive, watch.Watching, ""} {
		r.change(t, fmt.Sprint("service-", i/2*2, "-", state), eight.Add(-time.Duration(20-i)*time.Minute), state)
	}
	bad := r.change(t, "cart", eight.Add(-5*time.Minute), watch.Regressed)
	o := rollback.Order{Key: bad.Key, Change: bad.Change, Rule: "red", Hook: "back", Target: "v1", State: rollback.Proposed, Epoch: bad.Epoch, CreatedAt: eight.Add(-time.Minute), ExpiresAt: eight.Add(time.Hour)}
	if _, _, err := r.CreateOrder(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	r.change(t, "later", eight.Add(time.Minute), watch.Healthy)
	r.at(t, eight.Add(-time.Second), source{})
	if len(r.sent) > 0 {
		t.Fatalf("sent before it is due: %s", body(r.sent[0]))
	}
	r.at(t, eight.Add(2*time.Minute), source{})
	if len(r.sent) != 1 {
		t.Fatalf("sent %d", len(r.sent))
	}
	want := `9 changes, 3 regressed and not rolled back, 1 waiting for a person since Fri 20 Nov 07:30 UTC
# Waits for a person
cart deploy v2 in production: rollback to v1 waits for a person; until 2026-11-20 09:00 UTC: pushback approve ` + bad.Key + `
# Regressed, not rolled back
cart deploy v2 in production: regressed
service-2-regressed deploy v2 in production: regressed
judged-since deploy v2 in production: regressed
# Could not be judged
service-4-inconclusive deploy v2 in production: inconclusive, there was too little to judge by
service-2-blind deploy v2 in production: not judged, the metrics could not be read
# Still being watched
service-4-watching deploy v2 in production: being watched
# Healthy
service-0-healthy: 2 changes
# Watched by no rule
service-6-: 1 change`
	if got := body(r.sent[0]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if link := r.sent[0].Sections[0].Items[0].Link; link != "https://pushback.example/changes/"+bad.Key {
		t.Errorf("the link is %s", link)
	}
}

// Two replicas, a restart and a crash after the message was stored send one digest, and the next goes on where it ended.
func TestOnce(t *testing.T) {
	a := open(t)
	b := &replica{Store: a.Store}
	a.at(t, eight.Add(-time.Hour), source{})
	a.change(t, "cart", eight.Add(-time.Minute), watch.Healthy)
	a.change(t, "shop", eight.Add(time.Second), watch.Superseded)
	a.fail = true
	a.at(t, eight.Add(5*time.Second), source{})
	b.at(t, eight.Add(2*time.Minute), source{})
	a.fail = false
	a.at(t, eight.Add(3*time.Minute), source{})
	b.at(t, eight.Add(4*time.Minute), source{})
	if len(a.sent)+len(b.sent) != 1 {
		t.Fatalf("sent %d and %d", len(a.sent), len(b.sent))
	}
	b.at(t, eight.Add(50*time.Hour), source{}) // nothing ran at eight of the day after
	if len(b.sent) != 1 || !strings.Contains(body(b.sent[0]), "shop deploy v2") || strings.Contains(body(b.sent[0]), "cart") {
		t.Errorf("the next: %d: %v", len(b.sent), b.sent)
	}
}

func TestNothing(t *testing.T) {
	for _, empty := range []bool{false, true} {
		r := open(t)
		r.at(t, eight.Add(-time.Hour), source{empty})
		r.at(t, eight.Add(time.Minute), source{empty})
		if sent := len(r.sent) == 1; sent != empty {
			t.Errorf("nothing happened, asked for it: %v, sent: %v", empty, sent)
		}
	}
}
