package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/route"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// withRoute has the pager stand for the chat, and for the platform where nobody answers for twenty minutes.
func withRoute(o *Options) {
	r, err := route.New(route.Config{
		Routes: []route.Entry{
			{Match: route.Match{Severity: []string{"info"}}, To: []string{"platform"}},
			{Match: route.Match{Team: []string{"another"}}, To: []string{"platform"}},
		},
		Otherwise: []string{"chat"},
		Escalate:  []route.Step{{After: 20 * time.Minute, To: []string{"platform"}}},
	})
	if err != nil {
		panic(err)
	}
	o.Senders["pager"] = r
}

const escalated = "nobody has answered for 20m"

// asked ships a bad version whose rollback a person is asked for.
func asked(t *testing.T) (b *bench, key string) {
	t.Helper()
	b = newBench(t, askingRule, withRoute)
	key = b.tell("v2", sources.Succeeded, nil)
	b.shop.errors("cart", 0.5)
	b.until("a question", func() bool {
		return slices.ContainsFunc(b.box.got["chat"], func(m notify.Message) bool { return strings.HasPrefix(m.Field("unanswered"), "platform is told at ") })
	})
	b.wantState(key, rollback.Proposed)
	b.until("a certain verdict", func() bool { return b.watch(key).Grade == detector.Certain })
	if got := b.box.all("platform"); got != "" {
		t.Errorf("told too early: %s", got)
	}
	return b, key
}

// A message to a route is passed on, and a question that nobody answers is told to somebody else, once, also after a
// restart.
func TestQuestionsAreEscalated(t *testing.T) {
	t.Parallel()
	b, key := asked(t)
	b.restart()
	b.pass(20 * time.Minute)
	m := b.wantMessage("platform", escalated)
	if m.Ask == nil || m.Ask.Order != key || m.Severity == notify.Info {
		t.Errorf("%+v", m)
	}
	if _, direct := b.box.got["pager"]; direct {
		t.Error("a route was sent something")
	}
	b.must(b.Reject(t.Context(), key, "ada", "the load test"))
	b.pass(time.Minute)
	b.wantMessage("platform", "cancelled by ada")
	b.wantMessage("chat", "cancelled by ada")
}

// Who has answered in time keeps the others asleep.
func TestAnswersSpareTheOthers(t *testing.T) {
	t.Parallel()
	b, key := asked(t)
	b.must(b.Approve(t.Context(), key, "ada", ""))
	b.pass(time.Minute)
	b.wantState(key, rollback.Done)
	b.restart()
	b.pass(40 * time.Minute)
	b.wantSilence("platform", escalated)
	b.wantMessage("chat", "rolled back to v1")
}
