package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/lastcheck"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/freezefile"
)

// freezing is a server whose freeze is in the journal, as the engine's is.
func freezing(t *testing.T) (*testServer, *fileFreezer) {
	f := newFreezer(t)
	p := listen(t, func(o *Options) { o.Freezer, o.Frozen = f, f.frozen })
	f.note = func(a freezefile.Action) {
		action := "unfreeze"
		if a.Frozen {
			action = "freeze"
		}
		detail, err := json.Marshal(map[string]string{"why": a.Why, "file": "/secret/path"})
		if err != nil {
			t.Error(err)
		}
		if err := p.store.Append(t.Context(), store.Entry{At: a.At, Actor: a.Actor, Action: action, Detail: detail}); err != nil {
			t.Error(err)
		}
	}
	return p, f
}

func (f *fileFreezer) frozen() (bool, string) { s := f.FreezeState(); return s.Frozen, s.Why }

// Readers see every page and no form; forms and second steps send them to the sign-in.
func TestPlacesWithoutSignIn(t *testing.T) {
	p, _ := freezing(t)
	p.mustStore(bad)
	if _, _, err := p.store.SetHold(t.Context(), store.Hold{Kind: store.GateHold, Service: "cart", Why: "w", Actor: "amy", At: testNow}, func(store.Hold) []store.Outgoing { return nil }); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/orders", "/holds", "/incidents", "/audit", "/connections"} {
		page := p.show(path, 200)
		if strings.Contains(page, `method="post"`) || strings.Contains(page, "/v1/audit/export") {
			t.Errorf("%s shows a reader what they may not do", path)
		}
	}
	for _, path := range []string{"/holds/h1/release", "/holds/unfreeze", "/holds/lift", "/incidents/i1/end", "/incidents/i1/remove"} {
		if status, _, h := p.ask(http.MethodGet, path, ""); status != http.StatusSeeOther || !strings.HasPrefix(h.Get("Location"), "/signin") {
			t.Errorf("GET %s: %d to %q", path, status, h.Get("Location"))
		}
	}
	for _, path := range []string{"/orders/x/approve", "/orders/x/reject", "/holds", "/holds/h1/release", "/holds/freeze", "/holds/unfreeze", "/holds/lift", "/incidents", "/incidents/i1/end", "/incidents/i1/remove"} {
		status, _, h := p.ask(http.MethodPost, path, "actor=mallory&why=x", "Content-Type", "application/x-www-form-urlencoded")
		if status != http.StatusSeeOther || !strings.HasPrefix(h.Get("Location"), "/signin?next=%2F"+strings.Split(path, "/")[1]) {
			t.Errorf("POST %s: %d to %q", path, status, h.Get("Location"))
		}
	}
	if held, err := p.store.Holds(t.Context(), testNow); err != nil || len(held) != 1 {
		t.Errorf("%+v, %v", held, err)
	}
}

func TestOrdersPage(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	done := bad
	done.service, done.order = "search", rollback.Cancelled
	p.mustStore(done)
	r := p.signIn()
	r.see("/orders", 200, "cart 1.4.2", "A rollback to 1.4.1 waits for approval", "Waits for a person until 22 November 23:00", "Approve or reject", "search 1.4.2", "The rollback was called off")
	f := func(query string, cart, search bool) {
		t.Helper()
		page := r.see("/orders?"+query, 200)
		if strings.Contains(page, ">cart 1.4.2<") != cart || strings.Contains(page, ">search 1.4.2<") != search {
			t.Errorf("%s: cart %v, search %v wanted in %s", query, cart, search, page)
		}
	}
	f("", true, true)
	f("state=proposed", true, false)
	f("state=cancelled", false, true)
	f("state=done", false, false)
	f("service=search", false, true)
	f("service=search&state=proposed", false, false)
	f("before="+url.QueryEscape(testNow.Format(time.RFC3339Nano)), false, false)

	r.post("/orders/"+key+"/approve", 400, "why=x")
	if to, _ := r.post("/orders/"+key+"/approve", 303, "actor=amy&why=sure"); to != "/orders?did=approve" {
		t.Error(to)
	}
	r.see("/orders?did=approve", 200, "The rollback is approved. The guards are asked next.", "Approved the rollback: sure", "amy", "Waits for the guards", "Stop it")
	r.post("/orders/"+key+"/approve", 409, "actor=bob")
	r.post("/orders/"+key+"/reject", 303, "actor=bob&why=wait")
	if page := r.see("/orders", 200, "The rollback was called off: wait"); strings.Contains(page, "Stop it") {
		t.Error("what has ended can be stopped")
	}
	r.post("/orders/"+key+"/reject", 409, "actor=bob")
	r.post("/orders/nothing/reject", 404, "actor=bob")
	if page := r.see("/orders?did=%3Cb%3E", 200); strings.Contains(page, "<b>") || strings.Contains(page, `class="notice good"`) {
		t.Error("the address says what happened")
	}
}

// A rollback that waits for something else than a person is stopped from its page, by those who may.
func TestWaitingRollbackIsStoppedFromItsPage(t *testing.T) {
	p := listen(t, nil)
	waits := bad
	waits.order = rollback.Decided
	key := p.mustStore(waits)
	path := "/changes/" + key
	p.show(path, 200, "a responder stops it with <code>pushback reject "+key)
	r := p.signIn()
	r.see(path, 200, "Stop this rollback: keep 1.4.2")
	r.post(path+"/reject", 303, "actor=amy&why=the+load+test")
	if page := r.see(path, 200, "Decided by amy", "the load test"); strings.Contains(page, "Stop this rollback") {
		t.Error("what has ended can be stopped")
	}
}

// A page of orders leads to the next one.
func TestOrdersArePaged(t *testing.T) {
	p := listen(t, nil)
	for i := range placePage + 3 {
		s := bad
		s.service = "service-" + string(rune('a'+i))
		p.mustStore(s)
	}
	page := p.show("/orders", 200)
	if n := strings.Count(page, `class="entry"`); n != placePage {
		t.Errorf("%d orders on the page", n)
	}
	if !strings.Contains(page, `href="/orders?before=`+url.QueryEscape(testNow.Format(time.RFC3339Nano))+`" rel="next"`) {
		t.Error("nothing leads further")
	}
}

// What people and tools wrote is text on every page, also in what a second step asks.
func TestPlacesShowTextAsText(t *testing.T) {
	p, _ := freezing(t)
	evil := `"><script>alert(1)</script><img src=x onerror=alert(2)>`
	s := bad
	s.service, s.version, s.previous = evil, evil, evil
	p.mustStore(s)
	r := p.signIn()
	form := "actor=" + url.QueryEscape(evil) + "&why=" + url.QueryEscape(evil) + "&service=" + url.QueryEscape(evil)
	p.server.Knows = func(string) (bool, bool) { return true, true }
	r.post("/holds", 303, form)
	r.post("/holds/freeze", 303, "actor=amy&why="+url.QueryEscape(evil[:50]))
	r.post("/incidents", 303, form+"&from=2h")
	for _, path := range []string{
		"/orders", "/holds", "/incidents", "/audit", "/holds/h1/release", "/holds/lift", "/holds/unfreeze", "/incidents/i1/end", "/incidents/i1/remove",
		"/orders?service=" + url.QueryEscape(evil), "/audit?actor=" + url.QueryEscape(evil) + "&service=" + url.QueryEscape(evil) + "&action=" + url.QueryEscape(evil) + "&change=" + url.QueryEscape(evil),
	} {
		if page := r.see(path, 200); strings.Contains(page, "<script>alert") || strings.Contains(page, "<img") {
			t.Errorf("GET %s: what was sent is HTML", path)
		}
	}
}

// An open page gets what has changed of it, and nothing where nothing has.
func TestPlacesAreLive(t *testing.T) {
	p, _ := freezing(t)
	key := p.mustStore(bad)
	orders, holds, audit := p.open("/orders"), p.open("/holds"), p.open("/audit")
	if orders.refresh() || holds.refresh() || audit.refresh() {
		t.Error("nothing has happened, and a page changes")
	}
	r := p.signIn()
	r.post("/holds", 303, "actor=amy&why=move&service=cart")
	r.post("/orders/"+key+"/reject", 303, "actor=bob&why=no")
	f := func(o *openPage, part, text string) {
		t.Helper()
		if !o.refresh() || !strings.Contains(o.parts[part], text) {
			t.Errorf("%s: no %q in %v", o.path, text, o.parts)
		}
	}
	f(holds, "holds-list", "Deploys of cart are stopped")
	f(orders, "order-"+key, "The rollback was called off: no")
	f(audit, "entries", "Held deploys of cart")
}

func TestHoldingFromThePageOfHolds(t *testing.T) {
	p, _ := freezing(t)
	p.server.Knows = func(service string) (bool, bool) { return service == "cart", true }
	r := p.signIn()
	r.see("/holds", 200, "Nothing is held.", "Rollbacks are not frozen.", "No hold has ended yet.")
	r.post("/holds", 400, "actor=amy&service=cart&why=+")
	r.post("/holds", 400, "service=cart&why=x")
	r.post("/holds", 400, "actor=amy&service=cart&why=x&for=99y")
	r.post("/holds", 422, "actor=amy&service=cratt&why=x")
	if to, _ := r.post("/holds", 303, "actor=amy&service=cart&environment=production&why=incident+7&for=2h"); to != "/holds?did=hold" {
		t.Error(to)
	}
	r.see("/holds?did=hold", 200, "It is held.", "Deploys of cart in production are stopped", "incident 7", "h1, by amy", "23 November 2026, 00:00:00", "/holds/h1/release")
	if g := get[api.Gate](p, "/v1/gate/cart"); g.Open {
		t.Error("the gate is open")
	}
	r.see("/holds/h1/release", 200, "Release h1?", "incident 7")
	r.see("/holds/h9/release", 404)
	if to, _ := r.post("/holds/h1/release", 303, "actor=bob"); to != "/holds?did=release" {
		t.Error(to)
	}
	r.see("/holds", 200, "Nothing is held.", "released by bob")
	r.post("/holds/h1/release", 404, "actor=bob")
}

func TestFreezingFromThePage(t *testing.T) {
	p, f := freezing(t)
	r := p.signIn()
	r.post("/holds/freeze", 400, "actor=amy")
	r.see("/holds/unfreeze", 409)
	if to, _ := r.post("/holds/freeze", 303, "actor=amy&why=black+friday&for=1h"); to != "/holds?did=freeze" {
		t.Error(to)
	}
	p.mustStore(bad)
	page := r.see("/holds", 200, "All rollbacks are stopped until", "22 November 2026, 23:00:00", "black friday", "By amy at", "Lift the freeze…")
	if strings.Contains(page, "/secret/path") {
		t.Error("the page names the file")
	}
	if got := get[api.Freeze](p, "/v1/freeze"); !got.Frozen || got.Why != "black friday" || !got.Until.Equal(testNow.Add(time.Hour)) {
		t.Errorf("%+v", got)
	}
	r.see("/holds/unfreeze", 200, "Lift the freeze?", "No rollback is ordered now")
	if to, _ := r.post("/holds/unfreeze", 303, "actor=bob&why=done"); to != "/holds?did=unfreeze" || f.FreezeState().Frozen {
		t.Error(to, f.FreezeState())
	}
	r.post("/holds/unfreeze", 409, "actor=bob")
	f.broken = true
	if _, answer := r.post("/holds/freeze", 503, "actor=amy&why=x"); strings.Contains(answer, "/secret/path") || !strings.Contains(answer, "pushback freeze") {
		t.Error(answer)
	}
}

// Lifting everything lifts what the second step showed, and nothing that was set since.
func TestLiftingEverything(t *testing.T) {
	p, f := freezing(t)
	r := p.signIn()
	r.see("/holds/lift", 409)
	hold := func(service string) {
		r.post("/holds", 303, "actor=amy&why=x&service="+service)
	}
	hold("cart")
	hold("search")
	r.post("/holds/freeze", 303, "actor=amy&why=sale")
	r.see("/holds/lift", 200, "Lift everything?", "The freeze: sale", "h1: Deploys of cart are stopped: x", `name="hold" value="h2"`, `name="freeze"`)
	hold("late")
	r.post("/holds/h1/release", 303, "actor=eve")
	if to, _ := r.post("/holds/lift", 303, "actor=bob&freeze=yes&hold=h1&hold=h2"); to != "/holds?did=lift" {
		t.Error(to)
	}
	held, err := p.store.Holds(t.Context(), testNow)
	if err != nil || len(held) != 1 || held[0].Service != "late" || f.FreezeState().Frozen {
		t.Errorf("%+v, %v, %+v", held, err, f.FreezeState())
	}
}

func TestIncidentsPage(t *testing.T) {
	p := listen(t, nil)
	p.mustStore(bad)
	r := p.signIn()
	r.see("/incidents", 200, "No incident goes on.", "None was declared.")
	r.post("/incidents", 400, "actor=amy&why=x&from=yesterday")
	r.post("/incidents", 422, "actor=amy&why=x&from=2026-11-23+00:00")
	r.post("/incidents", 400, "actor=amy&from=2h")
	if to, _ := r.post("/incidents", 303, "actor=amy&why=the+cable&from=30m&service=cart"); to != "/incidents?did=declare" {
		t.Error(to)
	}
	r.see("/incidents", 200, "i1: cart", "it goes on", "the cable", "1 change in it", "cart 1.4.2", "/incidents/i1/end")
	r.see("/incidents/i1/end", 200, "End incident i1?")
	r.post("/incidents/i1/end", 422, "actor=bob&to=2026-11-23+00:00")
	r.post("/incidents/i1/end", 409, "actor=bob&to=3h")
	if to, _ := r.post("/incidents/i1/end", 303, "actor=bob&to=5m"); to != "/incidents?did=end" {
		t.Error(to)
	}
	r.see("/incidents", 200, "No incident goes on.", "22 November 2026, 21:55:00")
	r.post("/incidents/i1/end", 409, "actor=bob")
	r.see("/incidents/i1/end", 409)
	r.post("/incidents", 303, "actor=amy&why=past&from=2026-11-20+10:00&to=2026-11-20+11:30")
	r.see("/incidents", 200, "i2: every service", "No change began in it.")
	r.see("/incidents/i2/remove", 200, "Take incident i2 back?")
	r.post("/incidents/i2/remove", 303, "actor=bob")
	r.see("/incidents/i2/remove", 404)
}

func TestConnectionsPage(t *testing.T) {
	p := listen(t, func(o *Options) {
		o.Connects = func() []Connection {
			return []Connection{
				{Group: HookConnection, Name: "redeploy", Kind: "http", Check: lastcheck.Check{State: lastcheck.Fails, At: testNow, Said: "<b>401</b> Unauthorized", Good: testNow.Add(-time.Hour)}},
				{Group: MetricsConnection, Name: "prom", Kind: "prometheus", Check: lastcheck.Check{State: lastcheck.Works, At: testNow, Good: testNow}},
				{Group: ReceiverConnection, Name: "platform-chat", Kind: "slack"},
			}
		}
	})
	p.show("/connections", 200, "redeploy", "Does not work", "&lt;b&gt;401&lt;/b&gt; Unauthorized", "22 November 2026, 21:00:00", "Works", "Not known", "not since this Pushback started", "none known", "None in pushback.yml.")
	p.mustStore(bad)
	if _, err := p.store.DB().ExecContext(t.Context(), `UPDATE outgoing SET state = 'sent', sent_at = created_at`); err != nil {
		t.Fatal(err)
	}
	if page := p.show("/connections", 200); strings.Contains(page, "none known") {
		t.Error("a message that was delivered is no success")
	}
}

func TestTrustFromThePage(t *testing.T) {
	trusted := &trusting{oneRule: oneRule{budget: api.RuleBudget{Rule: "red"}}}
	p := listen(t, func(o *Options) { o.Rules, o.Details = trusted, oneDetail{} })
	r := p.signIn()
	r.see("/rules", 200, "Of 41 changes that it judged to the end, 39 were clean.", "It fired 2 times", "1 false alarm, 2.4", "Promote to act…", "Demote…", "No rule watches the deploys of 1 of 2 services", "search")
	r.see("/rules/red", 200, "higher is worse", "rolls back through redeploy", "a false alarm, as a person said", "counter http_requests_total")
	r.see("/rules/red/promote?service=cart", 200, "Promote red to act?", "cannot be taken back", `name="service" value="cart"`)
	r.see("/rules/red/promote?service=other", 404)
	if to, _ := r.post("/rules/red/promote", 303, "actor=amy&service=cart&why=earned"); to != "/rules/red?did=promote" || trusted.did != "promote cart amy earned" {
		t.Error(to, trusted.did)
	}
	r.see("/rules/red/demote?service=cart", 200, "Demote red to observe?")
	if to, _ := r.post("/rules/red/demote", 303, "actor=bob&service=cart"); to != "/rules/red?did=demote" || trusted.did != "demote cart bob " {
		t.Error(to, trusted.did)
	}
	if page := p.show("/rules", 200); strings.Contains(page, "/promote") {
		t.Error("a reader is shown how to promote")
	}
}
