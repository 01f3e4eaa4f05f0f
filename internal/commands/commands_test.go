package commands_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/commands"
	"github.com/pushback/pushback/internal/people"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

const (
	cartKey = "k6igxhxpnl3mldfap5vpt7ya6s"
	payKey  = "k6igxhyyyyyyyyyyyyyyyyyyyy"
)

// world is an engine and a store in memory.
type world struct {
	orders  map[string]rollback.Order
	holds   []store.Hold
	changes []store.Change
	did     []string
	broken  error
	frozen  string
	right   bool // what the rules found of every change
}

func change(key, service string, actor string) store.Change {
	return store.Change{Key: key, Planned: true, Change: sources.Change{
		Service: service, Environment: "production", Kind: sources.Deploy, Version: "v2", Actor: actor,
		StartedAt: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
	}}
}

func order(c store.Change) rollback.Order {
	return rollback.Order{Key: c.Key, Change: c.Change, State: rollback.Proposed, Target: "v1", ExpiresAt: time.Date(2026, 11, 20, 13, 0, 0, 0, time.UTC)}
}

func newWorld() *world {
	cart, pay := change(cartKey, "cart", "ada-l"), change(payKey, "pay", "bob")
	return &world{
		changes: []store.Change{cart, pay}, orders: map[string]rollback.Order{cartKey: order(cart), payKey: order(pay)},
		holds: []store.Hold{{ID: "h1", Kind: store.GateHold, Service: "search", Actor: "amy", Why: "sale"}},
	}
}

func (w *world) Approve(_ context.Context, key, actor, why string) error {
	return w.move(key, rollback.Approved, actor, why)
}

func (w *world) Reject(_ context.Context, key, actor, why string) error {
	return w.move(key, rollback.Cancelled, actor, why)
}

func (w *world) move(key string, to rollback.State, actor, why string) error {
	o := w.orders[key]
	if o.State != rollback.Proposed {
		return fmt.Errorf("not proposed: %w", store.ErrConflict)
	}
	o.State, o.Actor = to, actor
	w.orders[key] = o
	w.did = append(w.did, fmt.Sprintf("%s %s as %q: %q", to, key[:8], actor, why))
	return w.broken
}

func (w *world) Hold(_ context.Context, h store.Hold) (store.Hold, bool, error) {
	for _, held := range w.holds {
		if held.Service == h.Service {
			return held, false, nil
		}
	}
	h.ID = "h9"
	w.did = append(w.did, fmt.Sprintf("hold %s as %q: %q", h.Service, h.Actor, h.Why))
	return h, true, w.broken
}

func (w *world) Release(_ context.Context, id, actor string) (store.Hold, error) {
	w.did = append(w.did, fmt.Sprintf("release %s as %q", id, actor))
	return w.holds[0], w.broken
}

func (w *world) FindByKey(_ context.Context, reference string) (found []store.Change, err error) {
	for _, c := range w.changes {
		if strings.HasPrefix(c.Key, reference) {
			found = append(found, c)
		}
	}
	return found, w.broken
}

func (w *world) Order(_ context.Context, key string) (rollback.Order, error) {
	o, known := w.orders[key]
	if !known {
		return o, store.ErrNotFound
	}
	return o, nil
}

func (w *world) Orders(context.Context, []rollback.State, int) (all []rollback.Order, err error) {
	for _, c := range w.changes {
		if o, known := w.orders[c.Key]; known && o.State == rollback.Proposed {
			all = append(all, o)
		}
	}
	return all, w.broken
}

func (w *world) Holds(context.Context, time.Time) ([]store.Hold, error) { return w.holds, w.broken }

func (w *world) OpenChanges(context.Context, store.ChangeFilter) ([]store.Change, error) {
	return w.changes, w.broken
}

func (w *world) Changes(context.Context, store.ChangeFilter) ([]store.Change, error) {
	return append([]store.Change(nil), w.changes...), w.broken
}

func (w *world) WatchesOfEach(_ context.Context, keys []string) (map[string][]watch.Watch, error) {
	all := map[string][]watch.Watch{}
	for _, key := range keys {
		all[key] = []watch.Watch{{State: watch.Watching}}
	}
	return all, w.broken
}

func (w *world) answerer(now func() time.Time) *commands.Answerer {
	list, _ := people.New(map[string]people.Person{
		"ada": {Role: people.Responder, Teams: []string{"shop"}, IRC: "ada", Slack: "U012", GitHub: "ada-l"},
		"bob": {Role: people.Operator, IRC: "bob"},
		"eve": {IRC: "eve"},
	})
	return commands.New(commands.Options{
		Engine: w, Corrections: w, Store: w, People: list, Log: slog.New(slog.DiscardHandler), Now: now,
		Owner: func(service string) string {
			return map[string]string{"cart": "shop", "pay": "money", "search": "shop"}[service]
		},
		Canonical: func(service string) string { return strings.TrimPrefix(service, "acme/") },
		Knows:     func(service string) bool { return service != "crat" },
		Frozen:    func() (bool, string) { return w.frozen != "", w.frozen },
	})
}

func ask(w *world, id, text string) string {
	words := strings.Fields(text)
	return w.answerer(time.Now).Answer(context.Background(), notify.Command{
		Name: words[0], Args: words[1:], From: notify.Caller{Receiver: "ops", Kind: "irc", ID: id, Name: "nick"},
	})
}

// What is told to somebody who pressed a button is no command that the chat would hear.
func TestHoldByButton(t *testing.T) {
	w := newWorld()
	got := w.answerer(time.Now).Answer(t.Context(), notify.Command{
		Name: "hold", Args: []string{"cart", "cart in production: errors rose"}, From: notify.Caller{Receiver: "deploys", Kind: "slack", ID: "U012"},
	})
	if !strings.Contains(got, "pushback release h9 ends that") || strings.Contains(got, "!release") {
		t.Errorf("answered %q", got)
	}
	if did := strings.Join(w.did, "; "); did != `hold cart as "ada (by slack)": "cart in production: errors rose"` {
		t.Errorf("did %s", did)
	}
}

// checkAnswer gives a command to a new world, and checks what it answers and does.
func checkAnswer(t *testing.T, id, text, answer, did string) {
	t.Helper()
	w := newWorld()
	if got := ask(w, id, text); !strings.Contains(got, answer) {
		t.Errorf("%s: %q is answered %q, want %q", id, text, got, answer)
	}
	if got := strings.Join(w.did, "; "); got != did {
		t.Errorf("%s: %q did %q, want %q", id, text, got, did)
	}
}

func TestDecisions(t *testing.T) {
	f := func(id, text, answer, did string) { t.Helper(); checkAnswer(t, id, text, answer, did) }
	f("ada", "approve k6igxhx it is bad", "cart v2 in production: rollback to v1 approved.", `approved k6igxhxp as "ada (by irc)": "it is bad"`)
	f("ada", "approve "+cartKey, "approved", `approved k6igxhxp as "ada (by irc)": ""`)
	f("ADA", "reject k6igxhx", "rejected. Nothing is rolled back.", `cancelled k6igxhxp as "ada (by irc)": ""`)
	f("bob", "approve k6igxhy", "pay v2", `approved k6igxhyy as "bob (by irc)": ""`)

	f("ada", "approve k6igxh", "2 rollbacks begin with k6igxh", "") // both begin so
	f("ada", "approve k6igx", "at least 6 characters", "")
	f("ada", "approve zzzzzz", "no rollback with the code", "")
	f("ada", "approve", "Which one?", "")
	f("ada", "approve k6igxhy", "pay belongs to money, and you answer for shop", "")
	f("eve", "approve k6igxhx", "eve has the role viewer. That takes the role responder.", "")
	f("mallory", "approve k6igxhx", "Nobody under people in pushback.yml has irc: mallory", "")
	f("", "approve k6igxhx", "signed in", "")
	f("", "hold cart why", "signed in", "")
	f("", "release h1", "signed in", "")
	f("", "reject k6igxhx", "signed in", "")

	f("ada", "hold acme/cart black friday", "cart is held (h9)", `hold cart as "ada (by irc)": "black friday"`)
	f("ada", "hold cart", "people want to know why", "")
	f("ada", "hold pay x", "pay belongs to money", "")
	f("ada", "hold crat x", "No team owns crat", "")
	f("bob", "hold crat x", "does not know this service", `hold crat as "bob (by irc)": "x"`)
	f("bob", "hold search x", "search is held already, by amy: sale (h1)", "")

	f("ada", "release", "Hold h1 of search is released", `release h1 as "ada (by irc)"`)
	f("ada", "release search", "released", `release h1 as "ada (by irc)"`)
	f("ada", "release h7", "No hold in force is called h7", "")

	f("", "help", "!approve CODE", "")
	f("ada", "dance", "There is no such command", "")
}

// What is decided is not decided again, and the answer says what it has become.
func TestDecidedAlready(t *testing.T) {
	w := newWorld()
	ask(w, "bob", "approve k6igxhx")
	if got := ask(w, "ada", "reject k6igxhx"); !strings.Contains(got, "decided already: rollback to v1 approved by bob (by irc)") || len(w.did) != 1 {
		t.Errorf("answered %q, did %q", got, w.did)
	}
}

// Holds of everything are not for those who answer for one team.
func TestFleetHold(t *testing.T) {
	w := newWorld()
	w.holds = []store.Hold{{ID: "h2", Kind: store.FleetHold, Actor: "pushback", Why: "too much at once"}}
	if got := ask(w, "ada", "release h2"); !strings.Contains(got, "concerns every service") || len(w.did) != 0 {
		t.Errorf("answered %q, did %q", got, w.did)
	}
	if got := ask(w, "bob", "release"); !strings.Contains(got, "released") {
		t.Error(got)
	}
}

func TestStatus(t *testing.T) {
	w := newWorld()
	w.frozen = "by amy: party"
	got := ask(w, "", "status")
	for _, want := range []string{
		"Acting is frozen: by amy: party", "cart v2 in production: rollback to v1 waits for a person until 13:00 UTC: !approve k6igxhxpnl or !reject k6igxhxpnl",
		"Held: search by amy: sale (h1)", "Watched: cart v2 in production; pay v2 in production",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if got := ask(&world{}, "", "status"); got != "Nothing is watched now." {
		t.Error(got)
	}
	topic := func(w *world, want string) {
		t.Helper()
		if got, err := w.answerer(time.Now).Topic(t.Context()); got != want || err != nil {
			t.Errorf("topic %q (%v), want %q", got, err, want)
		}
	}
	topic(w, "2 watched · frozen · 2 wait · 1 held")
	w.changes, w.holds = w.changes[:1], nil
	topic(w, "cart v2 watched · frozen · 1 wait")
	topic(&world{}, "nothing is watched")
}

func TestMine(t *testing.T) {
	f := func(id, text, want string) {
		t.Helper()
		if got := ask(newWorld(), id, text); !strings.Contains(got, want) {
			t.Errorf("%s: %q is answered %q, want %q", id, text, got, want)
		}
	}
	f("ada", "mine", "cart v2 in production: watching, rollback to v1 waits for a person (20 Nov 12:00 UTC)")
	f("", "mine", "None of the newest 500 changes is by nick")
	f("eve", "mine bob", "pay v2")
	f("", "mine ada", "cart v2") // by her login, which the section people knows
}

// A database that does not answer is said so, without its words.
func TestBroken(t *testing.T) {
	for _, text := range []string{"status", "mine", "approve k6igxhx", "hold cart x", "release h1", "false-alarm k6igxhx", "missed k6igxhx"} {
		w := newWorld()
		w.broken = errors.New("password=x")
		if got := ask(w, "bob", text); !strings.Contains(got, "could not be done now") || strings.Contains(got, "password") {
			t.Errorf("%q is answered %q", text, got)
		}
	}
}

// Everybody has a share of their own, except those who are not signed in: names are cheap.
func TestLimit(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	a := newWorld().answerer(func() time.Time { return at })
	answered := func(id, name string) bool {
		return !strings.Contains(a.Answer(t.Context(), notify.Command{Name: "help", From: notify.Caller{Receiver: "ops", Kind: "irc", ID: id, Name: name}}), "Too many commands")
	}
	count := 0
	for i := range 100 {
		if answered("", fmt.Sprint("mallory", i)) {
			count++
		}
	}
	if count != 5 {
		t.Errorf("%d of 100 answered", count)
	}
	if !answered("ada", "ada") {
		t.Error("ada pays for mallory")
	}
	at = at.Add(6 * time.Second)
	if !answered("", "mallory") || answered("", "mallory") {
		t.Error("a bucket does not fill as it should")
	}
	for i := range 5000 { // as many accounts
		answered(fmt.Sprint(i), "x")
	}
	at = at.Add(2 * time.Minute)
	if !answered("bob", "bob") {
		t.Error("callers are never forgotten")
	}
}
