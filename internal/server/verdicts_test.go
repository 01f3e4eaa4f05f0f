package server

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

func (p *testServer) verdict(path string) api.Verdict {
	p.t.Helper()
	v := get[api.Verdict](p, "/v1/verdicts/"+path)
	if v.Reason == "" || v.Changes == nil {
		p.t.Errorf("%s: no reason, or no list of changes: %+v", path, v)
	}
	return v
}

// What nobody has seen to be well is never ok.
func TestVerdicts(t *testing.T) {
	p := listen(t, nil)
	for name, of := range map[string]struct {
		state  watch.State
		grade  detector.Grade
		reason detector.Reason
		result string
		data   api.VerdictData
	}{
		"healthy":      {watch.Healthy, detector.None, "", "ok", api.VerdictData{OK: true, OKSoFar: true}},
		"watching":     {watch.Watching, detector.None, detector.StillWatching, "pending", api.VerdictData{OKSoFar: true, Pending: true}},
		"cannot-read":  {watch.Watching, detector.None, detector.SourceError, "pending", api.VerdictData{Pending: true}},
		"no-data":      {watch.Watching, detector.None, detector.NoData, "pending", api.VerdictData{Pending: true}},
		"suspect":      {watch.Watching, detector.Suspect, "", "pending", api.VerdictData{Pending: true}},
		"certain":      {watch.Watching, detector.Certain, "", "bad", api.VerdictData{Bad: true}},
		"regressed":    {watch.Regressed, detector.Likely, "", "bad", api.VerdictData{Bad: true}},
		"blind":        {watch.Blind, detector.None, detector.SourceError, "undecided", api.VerdictData{}},
		"inconclusive": {watch.Inconclusive, detector.None, detector.TooLittleTraffic, "undecided", api.VerdictData{}},
		"superseded":   {watch.Superseded, detector.None, detector.Superseded, "undecided", api.VerdictData{}},
		"waiting":      {watch.Waiting, detector.None, "", "pending", api.VerdictData{OKSoFar: true, Pending: true}},
	} {
		key := p.mustStore(fixture{service: "cart-" + name, version: "v2", previous: "v1", ago: 10 * time.Minute, state: of.state, grade: of.grade, reason: of.reason, before: 0.01, after: 0.01})
		v := p.verdict("cart-" + name + "/v2")
		if v.Result != of.result || v.Data != of.data || !v.Known || v.Change != key || v.Page == "" || v.State != string(of.state) {
			t.Errorf("%s: %+v", name, v)
		}
	}
	for _, path := range []string{"cart-healthy/v9", "nobody/v2", "cart-healthy/v2?environment=staging", "cart-healthy/v2?region=eu", "cart-healthy/v2?kind=flag", "cart-healthy/v2?group=dark"} {
		if v := p.verdict(path); v.Known || v.Result != "unknown" || v.State != "unknown" || v.Data != (api.VerdictData{Pending: true}) {
			t.Errorf("%s: %+v", path, v)
		}
	}
}

// A look of long ago says nothing about now, and neither does a watch that has not looked.
func TestVerdictNeedsRecentLook(t *testing.T) {
	now := testNow
	p := listen(t, func(o *Options) { o.Now = func() time.Time { return now } })
	p.mustStore(fixture{service: "cart", version: "v2", ago: 10 * time.Minute, state: watch.Watching, before: 0.01, after: 0.01})
	if !p.verdict("cart/v2").Data.OKSoFar {
		t.Error("a look of just now")
	}
	now = testNow.Add(3 * time.Minute)
	if v := p.verdict("cart/v2"); v.Data.OKSoFar || v.Result != "pending" {
		t.Errorf("a look of three minutes ago: %+v", v)
	}
	now = testNow
	key := p.store1(t, "shop", "v1", "", sources.Started)
	if v := p.verdict("shop/v1"); v.Result != "pending" || v.Data.OKSoFar || v.State != "waiting" {
		t.Errorf("not planned yet: %+v", v)
	}
	if err := p.store.PlanChange(t.Context(), key, []watch.Watch{{ID: key + ".red", ChangeKey: key, Rule: "red", State: watch.Waiting}}); err != nil {
		t.Fatal(err)
	}
	if v := p.verdict("shop/v1"); v.Data.OKSoFar || !v.Data.Pending {
		t.Errorf("has not looked: %+v", v)
	}
}

// store1 stores a change by one event.
func (p *testServer) store1(t *testing.T, service, version, region string, status sources.Status) string {
	t.Helper()
	ev, err := sources.Admit(sources.Event{
		Source: "api", EventID: service + version + region, ChangeID: service + version + region, Status: status, At: testNow.Add(-time.Minute),
		Service: service, Environment: "production", Region: region, Kind: sources.Deploy, Version: version,
	}, nil, testNow)
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.store.Accept(t.Context(), ev, nil, testNow)
	if err != nil {
		t.Fatal(err)
	}
	return a.Change.Key
}

// A version is ok only where it is ok in every region, and one region can be asked for.
func TestVerdictOfRegions(t *testing.T) {
	p := listen(t, nil)
	states := map[string]watch.State{"eu": watch.Healthy, "us": watch.Healthy, "ap": watch.Blind}
	for region, state := range states {
		key := p.store1(t, "cart", "release/2.0+b 1", region, sources.Succeeded)
		if err := p.store.PlanChange(t.Context(), key, []watch.Watch{{ID: key + ".red", ChangeKey: key, Rule: "red", State: state}}); err != nil {
			t.Fatal(err)
		}
	}
	version := "cart/" + url.PathEscape("release/2.0+b 1")
	if v := p.verdict(version); v.Result != "undecided" || v.State != "blind" || v.Data.OK || len(v.Changes) != 3 || !strings.Contains(v.Reason, "(ap)") {
		t.Errorf("all regions: %+v", v)
	}
	if v := p.verdict(version + "?region=eu"); !v.Data.OK || len(v.Changes) != 1 {
		t.Errorf("one region: %+v", v)
	}
	key := p.store1(t, "cart", "unwatched", "", sources.Succeeded)
	if err := p.store.PlanChange(t.Context(), key, nil); err != nil {
		t.Fatal(err)
	}
	if v := p.verdict("cart/unwatched"); v.Result != "undecided" || v.State != "unwatched" || v.Data != (api.VerdictData{}) {
		t.Errorf("no rule watches it: %+v", v)
	}
}

// A person who clears a change says that it is not to blame, and not that it is well.
func TestVerdictOfClearedChange(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	if !p.verdict("cart/1.4.2").Data.Bad {
		t.Error("it is certain")
	}
	post[api.ChangeSummary](p, "/v1/changes/"+key+"/clear", `{"actor":"amy","why":"the marketing mail"}`, 200)
	if v := p.verdict("cart/1.4.2"); v.Data.Bad || v.Data.OK || v.Data.OKSoFar {
		t.Errorf("cleared: %+v", v)
	}
}

func TestVerdictRefuses(t *testing.T) {
	p := listen(t, func(o *Options) { o.Listen = "0.0.0.0:8484" })
	auth := []string{"Authorization", "Bearer " + token}
	for path, want := range map[string]int{
		"cart/v1?regoin=eu": 422, "cart/v1?kind=deploys": 422, "cart/" + strings.Repeat("v", 501): 422, "cart": 404, "cart/v1": 200,
	} {
		if status, body, _ := p.ask(http.MethodGet, "/v1/verdicts/"+path, "", auth...); status != want {
			t.Errorf("GET %s: %d %s, want %d", path, status, body, want)
		}
	}
	if status, _, _ := p.ask(http.MethodGet, "/v1/verdicts/cart/v1", ""); status != 401 {
		t.Errorf("without a token: %d", status)
	}
}
