package server

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/wall"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

func TestNowSaysWhatHappens(t *testing.T) {
	p := listen(t, func(o *Options) {
		o.Ready = func() []api.ComponentProblem {
			return []api.ComponentProblem{{Component: "metrics/prod", Detail: "connection refused"}, {Component: "hooks/shop", Detail: "no such host"}}
		}
		o.Wall = func() []wall.Line {
			values := make([]float64, 721)
			for i := range values {
				values[i] = float64(100 + i%7)
			}
			values[3] = math.NaN()
			return []wall.Line{
				{Settings: wall.Settings{Name: "Orders", Unit: "orders/s"}, From: testNow.Add(-wall.Span), Values: values, ReadAt: testNow},
				{Settings: wall.Settings{Name: "Errors"}, Fault: "context deadline exceeded", ReadAt: testNow.Add(-time.Hour)},
			}
		}
	})
	key := p.mustStore(bad)
	post[api.Hold](p, "/v1/holds", `{"service":"cart","why":"incident 7","actor":"amy","until":"`+testNow.Add(25*time.Minute).Format(time.RFC3339)+`"}`, 200)
	page := p.show("/", 200,
		"Roll back cart 1.4.2 to 1.4.1?", "Certain harm", "18 min left", "Stores that are blind", "connection refused", "Does not work", "no such host",
		"Deploys of cart are held", "25 min left", `href="/services/cart"`, `aria-current="page">Now`,
		"Orders <b>106 orders/s</b> <span>between 100 orders/s and 106 orders/s</span>", "Cannot be read since", "context deadline exceeded",
		`class="push bad"`, `<a href="/changes/`+key+`" data-at=`)
	for _, twice := range []string{"connection refused", "incident 7", "no such host"} {
		if strings.Count(page, twice) != 1 {
			t.Errorf("the page says %q %d times", twice, strings.Count(page, twice))
		}
	}
	if !strings.Contains(page, "M8 ") { // after the gap
		t.Error("the gap in the line is not there")
	}
}

// Without main signals, or while none can be read, the changes are lines by themselves.
func TestTheDayWithoutSignals(t *testing.T) {
	p := listen(t, nil)
	p.mustStore(bad)
	p.show("/", 200, "Name a handful in pushback.yml", `class="graph strip"`, `class="push bad"`)
}

// The tones of the lines are those of the badges, and what has been blind is never good.
func TestADayOfChanges(t *testing.T) {
	var pushes []web.Push
	for i, state := range []string{"healthy", "blind", "healthy", "regressed"} {
		pushes = append(pushes, web.Push{At: testNow.Add(time.Duration(i-10) * time.Hour), Badge: web.BadgeOf(state, "")})
	}
	d := web.NewDay24(pushes, testNow)
	if len(d.Lines) != 3 || d.Lines[0].Tone != "good" || d.Lines[0].Path != "M840 0V10000M960 0V10000" || d.Lines[1].Tone != "warn" || d.Lines[2].Tone != "bad" {
		t.Errorf("%+v", d.Lines)
	}
	if len(d.Counts) != 3 || d.Counts[0].N != 2 || d.Counts[1].Word != "Blind" {
		t.Errorf("%+v", d.Counts)
	}
}

// Old addresses of the list lead to where it is now.
func TestTheListHasMoved(t *testing.T) {
	p := listen(t, nil)
	status, _, h := p.ask(http.MethodGet, "/?service=cart&environment=production", "")
	if to := h.Get("Location"); status != http.StatusMovedPermanently || to != "/changes?environment=production&service=cart" {
		t.Errorf("%d %s", status, to)
	}
}

func TestChangesAreFiltered(t *testing.T) {
	p := listen(t, func(o *Options) {
		o.Owner = func(service string) string { return map[string]string{"cart": "shop", "search": "find"}[service] }
	})
	key := p.mustStore(bad)
	other := bad
	other.service, other.version, other.order, other.ago, other.state, other.grade = "search", "2.0.1", "", 3*time.Hour, watch.Healthy, detector.None
	p.mustStore(other)
	f := func(query string, cart, search bool) {
		t.Helper()
		page := p.show("/changes"+query, 200)
		for version, want := range map[string]bool{`<code title="1.4.2">`: cart, `<code title="2.0.1">`: search} {
			if strings.Contains(page, version) != want {
				t.Errorf("%s: %s shown: %v", query, version, !want)
			}
		}
	}
	f("", true, true)
	f("?q=CAR", true, false)
	f("?q=alice", true, true)
	f("?q=alice+2.0", false, true)
	f("?q="+key[:8], true, false)
	f("?state=healthy", false, true)
	f("?state=watching", true, false)
	f("?service=search", false, true)
	f("?team=shop", true, false)
	f("?team=nobody", false, false)
	f("?environment=production&kind=deploy", true, true)
	f("?kind=flag", false, false)
	f("?person=%40Bob", true, true) // who rides on it
	f("?person=carol", false, false)
	f("?from="+testNow.Add(-time.Hour).Format("2006-01-02T15:04:05Z"), true, false)
	f("?to="+testNow.Add(-time.Hour).Format("2006-01-02T15:04:05Z"), false, true)
	f("?to="+testNow.Format(time.DateOnly), true, true)
	f("?from=not+a+time&before=neither", true, true)
	p.show("/changes?q=alice&team=shop", 200, `name="q" value="alice"`, `<option selected>shop</option>`, `<option value="search">`, "<option>find</option>")
}

func TestAServiceOnOnePage(t *testing.T) {
	p := listen(t, func(o *Options) {
		o.Owner = func(string) string { return "shop-team" }
		o.Watching = func(c sources.Change) []string { return []string{"red"} }
	})
	key := p.mustStore(bad)
	if err := p.store.SetStanding(t.Context(), key, store.Bad); err != nil {
		t.Fatal(err)
	}
	p.show("/services/cart", 200, "<h1>cart</h1>", "shop-team", "Closed", "1.4.2 is bad", `<li class="bad"><a href="/changes/`+key, "Sign in to hold deploys", `href="/changes/`+key)
	p.show("/services/nothing", 404, "there is no change of a service of that name")
}

func TestHoldingFromThePage(t *testing.T) {
	p := listen(t, nil)
	p.mustStore(bad)
	_, _, h := p.ask(http.MethodPost, "/signin", "token="+token, "Content-Type", "application/x-www-form-urlencoded")
	session, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	send := func(want int, path, body string, more ...string) {
		t.Helper()
		headers := append([]string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"}, more...)
		status, answer, h := p.ask(http.MethodPost, path, body, headers...)
		if status != want {
			t.Errorf("%s %q: got %d %s, want %d", path, body, status, answer, want)
		}
		if len(more) == 0 && h.Get("Location") != "/signin?next=%2Fservices%2Fcart" {
			t.Error(h.Get("Location"))
		}
	}
	held := func() []api.Hold { return get[api.Holds](p, "/v1/holds").Holds }
	send(303, "/services/cart/hold", "actor=amy&why=x&for=1h")
	if len(held()) != 0 {
		t.Error("nobody signed in has held it")
	}
	send(400, "/services/cart/hold", "actor=amy&for=1h", "Cookie", session)
	send(400, "/services/cart/hold", "actor=amy&why=x&for=9000h", "Cookie", session)
	send(303, "/services/cart/hold", "actor=amy&why=incident+7&for=1h&environment=production", "Cookie", session)
	all := held()
	if len(all) != 1 || all[0].Service != "cart" || all[0].Environment != "production" || all[0].Actor != "amy" || !all[0].Until.Equal(testNow.Add(time.Hour)) {
		t.Fatalf("%+v", all)
	}
	status, page, _ := p.ask(http.MethodGet, "/services/cart", "", "Cookie", session)
	if status != 200 || !strings.Contains(page, "End the hold "+all[0].ID) || !strings.Contains(page, "incident 7") {
		t.Errorf("%d %s", status, page)
	}
	send(404, "/services/search/release", "actor=bob&id="+all[0].ID, "Cookie", session)
	send(303, "/services/cart/release", "actor=bob&id="+all[0].ID, "Cookie", session)
	if left := held(); len(left) != 0 {
		t.Errorf("%+v", left)
	}
}

// A service may be called anything, and its page is found by its name.
func TestServicesOfAnyName(t *testing.T) {
	p := listen(t, nil)
	s := bad
	s.service = "team/a b?c#d%"
	p.mustStore(s)
	address := "/services/team%2Fa%20b%3Fc%23d%25"
	p.show("/changes", 200, `href="`+address+`"`)
	p.show(address, 200, "team/a b?c#d%")
	if web.ServicePath(s.service) != address || url.PathEscape(s.service) != strings.TrimPrefix(address, "/services/") {
		t.Error(web.ServicePath(s.service))
	}
}

// Open pages of everybody who may do the same are rendered once.
func TestUpdatesAreShared(t *testing.T) {
	p := listen(t, nil)
	p.server.shared.keep = time.Hour
	var rendered atomic.Int32
	ask := func(revision string) (int, string) {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil)
		r.Header.Set(sinceHeader, revision)
		w := httptest.NewRecorder()
		err := p.server.showShared(w, r, "Now", "", func(_ context.Context, f web.Frame) (*web.Rendered, error) {
			rendered.Add(1)
			return p.server.pages.RenderNow(web.Now{Frame: f})
		})
		if err != nil {
			t.Fatal(err)
		}
		return w.Code, w.Body.String()
	}
	for range 20 {
		if code, body := ask("AAAA"); code != 200 || !strings.Contains(body, `"whole":true`) {
			t.Fatalf("%d %s", code, body)
		}
	}
	if n := rendered.Load(); n != 1 {
		t.Errorf("rendered %d times for 20 open pages", n)
	}
	p.server.shared.keep = 0
	ask("AAAA")
	if n := rendered.Load(); n != 2 {
		t.Errorf("what is old is not rendered anew: %d", n)
	}
}

// What is about one reader is in no revision, and so in no shared update.
func TestWhoReadsIsNoPartOfARevision(t *testing.T) {
	p := listen(t, nil)
	one, err := p.server.pages.RenderNow(web.Now{Frame: web.Frame{Here: "/"}})
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if _, err := one.WriteTo(&page); err != nil {
		t.Fatal(err)
	}
	other, err := p.server.pages.RenderNow(web.Now{Frame: web.Frame{Here: "/", SignedIn: true}})
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(page.String(), `<p id="revision" hidden>`)
	revision, _, _ := strings.Cut(after, "<")
	if u := other.Since(revision); !u.Nothing() {
		t.Errorf("%+v", u)
	}
}
