package server

import (
	"context"
	"fmt"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/picturing"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/watch"
)

// The picture is that of the verdict, for those who may read the change, and no other request.
func TestPlot(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	status, svg, h := p.ask("GET", "/v1/changes/"+key+"/plot.svg", "")
	if status != 200 || h.Get("Content-Type") != "image/svg+xml" || !strings.Contains(svg, "cart 1.4.2 in production") || strings.Contains(svg, "latency") {
		t.Fatalf("%d %v %s", status, h, svg)
	}
	_, named, _ := p.ask("GET", "/v1/changes/"+key+"/plot.svg?signal=latency.mean&rule=red&theme=dark&width=400&heading=false", "")
	if !strings.Contains(named, `width="400"`) || !strings.Contains(named, "#1a1c20") || !strings.Contains(named, "latency.mean") || strings.Contains(named, ">rule red") {
		t.Error(named)
	}
	status, painted, h := p.ask("GET", "/v1/changes/"+key[:8]+"/plot.png", "")
	if _, err := png.Decode(strings.NewReader(painted)); status != 200 || err != nil || h.Get("Content-Type") != "image/png" {
		t.Fatal(status, err, h)
	}
	status, body, again := p.ask("GET", "/v1/changes/"+key+"/plot.png", "", "If-None-Match", `"x", `+h.Get("ETag"))
	if status != 304 || body != "" || again.Get("ETag") != h.Get("ETag") {
		t.Error(status, len(body), again)
	}
	if _, _, dark := p.ask("GET", "/v1/changes/"+key+"/plot.png?theme=dark", ""); dark.Get("ETag") == h.Get("ETag") {
		t.Error("two pictures of one tag")
	}
	stranger := listen(t, func(o *Options) { o.Listen = "0.0.0.0:1" })
	other := stranger.mustStore(bad)
	if status, _, _ := stranger.ask("GET", "/v1/changes/"+other+"/plot.png", ""); status != 401 {
		t.Error(status)
	}
	if status, _, _ := stranger.ask("GET", "/v1/changes/"+other+"/plot.png", "", "Authorization", "Bearer "+token); status != 200 {
		t.Error(status)
	}
}

// The next look is another picture, and so is what became of the rollback.
func TestPlotGoesOn(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	_, _, first := p.ask("GET", "/v1/changes/"+key+"/plot.png", "")
	ws, err := p.store.WatchesOf(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	to := ws[0]
	to.State = watch.Regressed
	to.EndedAt = testNow
	r := bad.record(ws[0], testNow.Add(-bad.ago))
	r.At, r.Verdict.At = testNow.Add(time.Minute), testNow.Add(time.Minute)
	if moved, _, _, err := p.store.MoveWatch(t.Context(), ws[0], to, store.Effects{Record: r}); err != nil || !moved {
		t.Fatal(moved, err)
	}
	status, body, then := p.ask("GET", "/v1/changes/"+key+"/plot.png", "", "If-None-Match", first.Get("ETag"))
	if status != 200 || then.Get("ETag") == first.Get("ETag") || !strings.HasPrefix(body, "\x89PNG") {
		t.Error(status, then)
	}
}

// What has no picture has a problem that says why, and no empty picture.
func TestNoPlot(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	_, unwatched, err := acceptFixture(t.Context(), p.store, fixture{service: "shop", version: "1"}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	_, waiting, err := acceptFixture(t.Context(), p.store, fixture{service: "till", version: "1"}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.store.PlanChange(t.Context(), waiting.Key, []watch.Watch{bad.watch(waiting.Key, testNow)}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		unwatched.Key + "/plot.png":      "no rule watches this change",
		waiting.Key + "/plot.svg":        "no watch of this change has looked yet",
		key + "/plot.png?rule=nothing":   "no such rule watches this change: nothing",
		key + "/plot.png?signal=nothing": "no such signal; it has errors, latency.mean",
		key + "/plot.png?recovery=true":  "no rollback of this change is watched",
		"nothing/plot.png":               "there is no change of that name",
	} {
		status, body, h := p.ask("GET", "/v1/changes/"+path, "")
		if status != 404 || !strings.Contains(body, want) || strings.HasPrefix(h.Get("Content-Type"), "image/") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	for _, path := range []string{"?width=1", "?width=100000", "?theme=pink", "?them=dark"} {
		if status, body, _ := p.ask("GET", "/v1/changes/"+key+"/plot.png"+path, ""); status != 422 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// A damaged look is a problem of its own, and not the picture of something else.
func TestDamagedPlot(t *testing.T) {
	p := listen(t, func(o *Options) { o.Store = damagedLooks{o.Store} })
	key := p.mustStore(bad)
	status, body, _ := p.ask("GET", "/v1/changes/"+key+"/plot.png", "")
	if status != 500 || !strings.Contains(body, "the last look is damaged in the database") {
		t.Error(status, body)
	}
	if !strings.Contains(p.log.String(), "damaged") {
		t.Error(p.log.String())
	}
}

// The page shows the picture of each signal where there is no JavaScript, in light and dark.
func TestPageWithoutJavaScript(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	_, page, _ := p.ask("GET", "/changes/"+key, "")
	for _, want := range []string{
		`<img src="/v1/changes/` + key + `/plot.svg?heading=false&amp;rule=red&amp;signal=errors&amp;width=460"`,
		`<source media="(prefers-color-scheme: dark)" srcset="/v1/changes/` + key + `/plot.svg?heading=false&amp;rule=red&amp;signal=latency.mean&amp;width=460&amp;theme=dark">`,
		`alt="Plot of errors before and after the change`, "Before (expected)", "would happen by chance once in 2,500 quiet half hours",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in %s", want, page)
		}
	}
	if strings.Contains(page, "needs JavaScript") {
		t.Error("the page asks for JavaScript")
	}
	if status, svg, h := p.ask("GET", "/v1/changes/"+key+"/plot.svg?heading=false&rule=red&signal=errors", ""); status != 200 || h.Get("Content-Security-Policy") != securityHeaders["Content-Security-Policy"] || strings.Contains(svg, "style=") {
		t.Error(status, h, svg)
	}
}

// The API says p in words, and never of a verdict that is blind.
func TestChancesInAPI(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	if _, body, _ := p.ask("GET", "/v1/changes/"+key, ""); !strings.Contains(body, `"errors":"would happen by chance once in 2,500 quiet half hours"`) {
		t.Error(body)
	}
	r := bad.record(bad.watch(key, testNow), testNow)
	r.Verdict.Outcome = detector.Blind
	if got := record(*r, bad.watch(key, testNow).Plan); len(got.Chances) > 0 {
		t.Error(got.Chances)
	}
}

var pictureKey = picturing.LinkKey("a key of the tests that is long enough")

func sharing(o *Options) {
	o.Listen = "0.0.0.0:1"
	o.Pictures = picturing.New(o.Store, pictureKey)
}

// A signed address shows one picture to everybody, and opens nothing else.
func TestSharedPicture(t *testing.T) {
	p := listen(t, sharing)
	key := p.mustStore(bad)
	other := p.mustStore(fixture{service: "shop", version: "2", previous: "1", ago: time.Hour, state: watch.Watching, grade: detector.Certain, before: 0.005, after: 0.03})
	path := pictureKey.Path(key, testNow.Add(-bad.ago), false)
	status, light, h := p.ask("GET", path, "")
	if status != 200 || h.Get("Content-Type") != "image/png" || h.Get("Cache-Control") != "no-cache" || h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Fatal(status, h)
	}
	_, dark, _ := p.ask("GET", pictureKey.Path(key, testNow.Add(-bad.ago), true), "")
	if light == dark || !strings.HasPrefix(dark, "\x89PNG") {
		t.Error("light is dark")
	}
	if status, body, again := p.ask("GET", path, "", "If-None-Match", h.Get("ETag")); status != 304 || body != "" || again.Get("Cache-Control") != "no-cache" {
		t.Error(status, again)
	}
	if _, same, _ := p.ask("GET", path+"?signal=latency.mean&theme=dark&rule=x&width=400", ""); same != light {
		t.Error("the query chooses what is shown")
	}
	part := strings.Split(path, "/") // "", pictures, KEY, UNTIL, SIGNATURE, light.png
	at := func(change func(part []string)) string {
		own := append([]string{}, part...)
		change(own)
		return strings.Join(own, "/")
	}
	o, err := p.store.Order(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string]string{
		"another change":        at(func(p []string) { p[2] = other }),
		"the beginning of one":  at(func(p []string) { p[2] = key[:8] }),
		"in capitals":           at(func(p []string) { p[2] = strings.ToUpper(key) }),
		"a later end":           at(func(p []string) { p[3] = "20991231" }),
		"no end":                at(func(p []string) { p[3] = "-" }),
		"another signature":     at(func(p []string) { p[4] = "A" + p[4][1:] }),
		"a cut signature":       at(func(p []string) { p[4] = p[4][:21] }),
		"no signature":          at(func(p []string) { p[4] = "-" }),
		"another file":          at(func(p []string) { p[5] = "plot.svg" }),
		"the whole change":      at(func(p []string) { p[5] = "index.html" }),
		"another server's key":  picturing.LinkKey("another").Path(key, testNow, false),
		"an approval's token":   at(func(p []string) { p[4] = approvals.Token(o) }),
		"ended":                 pictureKey.Path(key, testNow.Add(-picturing.LinksLast-25*time.Hour), false),
		"of no change":          pictureKey.Path(strings.Repeat("a", 26), testNow, false),
		"of what is no key":     pictureKey.Path("cart", testNow, false),
		"out of the folder":     at(func(p []string) { p[2] = "..%2f..%2fv1%2fchanges" }),
		"the API by its key":    "/v1/changes/" + key + "/plot.png?signature=" + part[4],
		"the page by its key":   "/changes/" + key + "?signature=" + part[4],
		"a change, by the path": "/pictures/" + key,
	} {
		status, body, h := p.ask("GET", wrong, "")
		if status == 200 || strings.HasPrefix(body, "\x89PNG") || strings.Contains(body, "cart 1.4.2") || h.Get("Cross-Origin-Resource-Policy") != "same-origin" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %.200s %v", name, status, body, h)
		}
	}
	if status, _, _ := p.ask("POST", path, ""); status != http.StatusMethodNotAllowed {
		t.Error(status)
	}
	unsigned := listen(t, func(o *Options) { o.Listen = "0.0.0.0:1" })
	mine := unsigned.mustStore(bad)
	if status, _, _ := unsigned.ask("GET", picturing.LinkKey(nil).Path(mine, testNow, false), ""); status != 404 {
		t.Errorf("a server without a key: %d", status)
	}
}

// damagedLooks is a store of which no look can be read.
type damagedLooks struct{ Store }

func (d damagedLooks) LastRecord(context.Context, string) (store.Record, error) {
	return store.Record{}, fmt.Errorf("reading a look: %w", store.ErrDamaged)
}
