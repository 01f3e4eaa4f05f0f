//go:build integration

package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	chromium "github.com/pushback/pushback/internal/proof/browser"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// session signs in, and returns the cookie.
func (p *testServer) session() string {
	p.t.Helper()
	_, _, h := p.ask(http.MethodPost, "/signin", "token="+token, "Content-Type", "application/x-www-form-urlencoded")
	cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	return cookie
}

// checkedPage is an address, and what its page has to keep beside what every page has to.
type checkedPage struct {
	name, path string
	signedIn   bool
	limits     chromium.Limits
}

// checkPages holds pages to what every page has to keep.
func (p *testServer) checkPages(t *testing.T, pages []checkedPage) {
	t.Helper()
	started, cookie := chromium.Start(t), p.session()
	for _, c := range pages {
		t.Run(c.name, func(t *testing.T) {
			given := ""
			if c.signedIn {
				given = cookie
			}
			started.CheckPage(t, p.URL+c.path, given, c.limits)
		})
	}
}

// TestPagesInABrowser holds every page to what people need of it. Height is of a page as it opens, before anything is folded out.
func TestPagesInABrowser(t *testing.T) {
	var suspects []rollback.Suspect
	p := listen(t, func(o *Options) {
		o.Rules, o.Subscribe = &heard{}, sending(nil)
		o.Suspects = func(context.Context, store.Change, time.Time) ([]rollback.Suspect, error) { return suspects, nil }
	})
	suspects = []rollback.Suspect{{Change: p.storeSuspect(), Distance: 1}}
	certain, healthy, large, many := p.mustStore(bad), p.mustStore(calm), p.storeLarge(), p.storeParts()
	undone := storeRolledBack(t, p.store)
	waits := bad
	waits.service, waits.order = "search", rollback.Decided
	stoppable := p.mustStore(waits)
	const most = 2500
	p.checkPages(t, []checkedPage{
		{"certain", "/changes/" + certain, false, chromium.Limits{Height: most, Says: []string{
			"errors went from 0.5 % to 3.1 %", "A rollback to 1.4.1 waits", "What happened", "payments v7", "(−3 min)", "+14 min", "As Markdown",
		}}},
		{"certain, signed in", "/changes/" + certain, true, chromium.Limits{Height: most, Says: []string{"False alarm: red was wrong"}}},
		{"a rollback that waits", "/changes/" + stoppable, true, chromium.Limits{Height: most, Says: []string{"Stop this rollback: keep 1.4.2"}}},
		{"healthy", "/changes/" + healthy, true, chromium.Limits{Height: most, Says: []string{"Missed: red did not find a bad change"}}},
		{"20 signals with 960 ticks", "/changes/" + large, true, chromium.Limits{Height: most, Says: []string{"15 more signals, and 17 more plots"}}},
		{"20 signals, rolled back", "/changes/" + undone, true, chromium.Limits{Height: most, Says: []string{"Rolled back to 1.4.1", "The service has recovered since", "Decided by Amy Lovelace", "15 more signals, and 17 more plots", "payments v7"}}},
		{"20 routes", "/changes/" + many, false, chromium.Limits{Height: most, Says: []string{"signal.0, part by part: 20"}}},
		{"changes", "/", false, chromium.Limits{Says: []string{"cart"}}},
		{"sign-in", "/signin", false, chromium.Limits{}},
		{"nothing there", "/changes/nothing", false, chromium.Limits{Says: []string{"no change of that name"}}},
	})
}

// TestPlacesInABrowser holds the pages of a site to the same: now, what is searched, and every place with its forms.
func TestPlacesInABrowser(t *testing.T) {
	f := newFreezer(t)
	p := listen(t, func(o *Options) {
		o.Freezer, o.Frozen, o.Rules, o.Details, o.Subscribe = f, f.frozen, &trusting{oneRule: oneRule{budget: api.RuleBudget{Rule: "red"}}}, oneDetail{}, sending(nil)
	})
	p.mustStore(bad)
	p.mustStore(calm)
	r := p.signIn()
	r.post("/holds", 303, "actor=amy&why=move&service=cart&for=2h")
	r.post("/holds/freeze", 303, "actor=amy&why=black+friday&for=1h")
	r.post("/incidents", 303, "actor=amy&why=the+cable&service=cart&from=2h")
	p.checkPages(t, []checkedPage{
		{"now", "/", true, chromium.Limits{Brief: true, Says: []string{"cart", "Roll back cart 1.4.2 to 1.4.1?"}}},
		{"now, for a viewer", "/", false, chromium.Limits{Brief: true, Says: []string{"cart"}}},
		{"changes", "/changes?q=cart", true, chromium.Limits{Brief: true, Says: []string{"cart"}}},
		{"a service", "/services/cart", true, chromium.Limits{Brief: true, Says: []string{"Hold deploys of cart"}}},
		{"orders", "/orders", true, chromium.Limits{Brief: true, Says: []string{"Waits for a person"}}},
		{"holds", "/holds", true, chromium.Limits{Brief: true, Says: []string{"All rollbacks are stopped", "Deploys of cart are stopped"}}},
		{"a release", "/holds/h1/release", true, chromium.Limits{Brief: true, Says: []string{"Release h1?"}}},
		{"incidents", "/incidents", true, chromium.Limits{Brief: true, Says: []string{"the cable"}}},
		{"audit", "/audit", true, chromium.Limits{Brief: true, Says: []string{"Declared incident"}}},
		{"connections", "/connections", true, chromium.Limits{Brief: true}},
		{"sources", "/sources", true, chromium.Limits{Brief: true}},
		{"rules", "/rules", true, chromium.Limits{Brief: true, Says: []string{"red"}}},
		{"a rule", "/rules/red", true, chromium.Limits{Brief: true, Says: []string{"Promote to act"}}},
		{"a promotion", "/rules/red/promote?service=cart", true, chromium.Limits{Brief: true, Says: []string{"Promote red to act?"}}},
		{"API", "/docs", true, chromium.Limits{Brief: true}},
	})
}

var calm = fixture{
	service: "search", version: "2.0", previous: "1.9", ago: 40 * time.Minute, state: watch.Healthy, before: 0.005, after: 0.0051,
}

// storeSuspect stores a change of another service, which began before the others.
func (p *testServer) storeSuspect() sources.Change {
	p.t.Helper()
	other := calm
	other.service, other.version, other.ago, other.state = "payments", "v7", 17*time.Minute, watch.Watching
	found, err := p.store.FindByKey(p.t.Context(), p.mustStore(other))
	if err != nil {
		p.t.Fatal(err)
	}
	return found[0].Change
}

// storeLarge stores a change with 20 signals and 960 ticks, all of them certain, and with a long history.
func (p *testServer) storeLarge() string {
	b := newBake(p.t, p.store, 20, 960)
	b.grade = detector.Certain
	for i := range 30 {
		e := store.Entry{At: testNow.Add(time.Duration(i-30) * time.Minute), ChangeKey: b.key, Actor: "guards", Action: "permit", Detail: []byte(`{"refusals":[{"guard":"fleet","why":"too much is bad at once"}]}`)}
		if err := p.store.Append(p.t.Context(), e); err != nil {
			p.t.Fatal(err)
		}
	}
	b.look(p.t, p.store, 960)
	return b.key
}

// storeParts stores a change whose one signal is judged route by route.
func (p *testServer) storeParts() string {
	b := newBake(p.t, p.store, 21, 60)
	b.whole = "signal.0"
	b.look(p.t, p.store, 30)
	return b.key
}

// TestMarksNeverMeet asks the browser for the layout of many marks at many widths.
func TestMarksNeverMeet(t *testing.T) {
	p := listen(t, nil)
	page := chromium.Start(t).Open(t, p.URL+"/changes/"+p.mustStore(bad), chromium.View{})
	if found := chromium.Eval[[]string](page, marksThatMeet); len(found) > 0 {
		t.Errorf("%d layouts are wrong, such as %s", len(found), found[0])
	}
}

// marksThatMeet lays out marks that a generator of its own draws, so that it draws the same each time.
const marksThatMeet = `(() => {
	let seed = 7;
	const draw = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
	const wrong = [];
	for (let n = 0; n < 5000; n++) {
		const left = 58, right = left + 180 + 500 * draw(), near = n % 3 ? 1 : 0.1;
		const marks = Array.from({ length: 1 + Math.floor(5 * draw()) }, () => ({ x: left + near * draw() * (right - left), width: 30 + 40 * draw(), side: draw() < 0.3 ? -1 : 1 }));
		const spots = layoutMarks(marks, left, right, 4);
		const meets = spots.some((a, i) => spots.some((b, j) => j < i && a.row === b.row && a.left < b.left + marks[j].width && b.left < a.left + marks[i].width));
		const outside = spots.some((a, i) => a.left < left - 0.01 || a.left + marks[i].width > right + 0.01);
		if (meets || outside || spots.length !== marks.length) wrong.push(JSON.stringify({ marks, spots }));
	}
	return wrong;
})()`

// TestOpenPageInABrowser holds that an open page shows what happens: a look, what people say, and what was unfolded stays so.
func TestOpenPageInABrowser(t *testing.T) {
	keys := make(chan string, 1)
	alarms := &notedAlarms{}
	p := listen(t, func(o *Options) { o.Subscribe, o.Rules = sending(keys), alarms })
	b := newBake(t, p.store, 20, 60)
	b.look(t, p.store, 30)
	page := chromium.Start(t).Open(t, p.URL+"/changes/"+b.key, chromium.View{Cookie: p.session()})
	page.Wait("figure.signal .uplot")
	page.Click("details.unfolds summary")
	page.Wait("figure.signal.more .uplot")
	b.look(t, p.store, 1)
	keys <- b.key
	shown := fmt.Sprintf(`new Promise((done) => { const look = () => watches[0]?.signals[0].after.length >= %d && document.querySelector("details.unfolds").open ? done(true) : setTimeout(look, 50); look(); })`, 32)
	if !chromium.Eval[bool](page, shown) {
		t.Error("the page does not show the new tick")
	}
	if faults := page.Faults(); len(faults) > 0 {
		t.Errorf("%q", faults)
	}
}
