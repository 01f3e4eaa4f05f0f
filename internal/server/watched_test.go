package server

import (
	"net/http"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/watch"
)

func TestWatchedChanges(t *testing.T) {
	p := listen(t, nil)
	calm := fixture{service: "search", version: "7", ago: 5 * time.Minute, state: watch.Watching, before: 0.005, after: 0.005}
	ended := fixture{service: "search", version: "6", ago: time.Hour, state: watch.Healthy, before: 0.005, after: 0.005}
	p.mustStore(calm)
	suspected := p.mustStore(bad)
	done := p.mustStore(ended)

	got := get[api.Watched](p, "/v1/watched")
	if len(got.Changes) != 2 || got.Changes[0].Key != suspected || got.Changes[1].Service != "search" || got.More || !got.Now.Equal(testNow) {
		t.Fatalf("%+v; want the suspected one, then the calm one", got)
	}
	c := got.Changes[0]
	s := c.Signals[0]
	if c.Grade != "certain" || c.Order != "proposed" || !c.Until.Equal(testNow.Add(18*time.Minute)) || len(c.Signals) != 2 {
		t.Errorf("%+v", c)
	}
	if s.Evidence.Signal != "errors" || s.Evidence.Grade != detector.Certain || s.Rule != "red" || s.Tick != time.Minute || len(s.Before) != 30 || len(s.After) != 12 {
		t.Errorf("%+v", s)
	}
	if one := get[api.Watched](p, "/v1/watched?limit=1"); len(one.Changes) != 1 || !one.More {
		t.Errorf("of two, the first: %d changes, more %v", len(one.Changes), one.More)
	}
	if one := get[api.Watched](p, "/v1/watched?change="+done); len(one.Changes) != 1 || one.Changes[0].State != "healthy" || !one.Changes[0].Until.IsZero() {
		t.Errorf("one that has ended: %+v", one.Changes)
	}
	if none := get[api.Watched](p, "/v1/watched?service=other"); none.Changes == nil || len(none.Changes) != 0 {
		t.Errorf("of another service: %+v", none.Changes)
	}
	if status, body, _ := p.ask(http.MethodGet, "/v1/watched?change=nothing", ""); status != http.StatusNotFound {
		t.Errorf("no such change: %d %s", status, body)
	}
}

// TestPartsAreNotDrawn: of a signal with a hundred routes one line is shown.
func TestPartsAreNotDrawn(t *testing.T) {
	r := store.Record{Verdict: detector.Verdict{Signals: []detector.Evidence{{Signal: "errors"}, {Signal: "errors /cart", Part: "errors"}}}}
	if got := signalsOf(watch.Watch{After: testNow}, r); len(got) != 1 || got[0].Evidence.Signal != "errors" || !got[0].Recovery {
		t.Errorf("%+v", got)
	}
}

// TestLiveSeriesAreBounded: a view that is asked for every second does not carry a day.
func TestLiveSeriesAreBounded(t *testing.T) {
	long := make(detector.Values, 5000)
	long[4999] = 7
	o := detector.Observation{Readings: []detector.Reading{{
		Signal: "errors", Before: detector.Ticks{Value: long}, After: detector.Ticks{Value: long}, Running: detector.Ticks{Value: detector.Values{9}},
	}}}
	s := liveSignal(watch.Watch{}, testNow, detector.Evidence{Signal: "errors"}, o)
	if len(s.Before) != maxLiveTicks || len(s.After) != maxLiveTicks || s.Before[maxLiveTicks-1] != 7 || s.After[maxLiveTicks-1] != 9 {
		t.Errorf("%d before and %d after, the last are %v and %v", len(s.Before), len(s.After), s.Before[len(s.Before)-1], s.After[len(s.After)-1])
	}
	if len(long) != 5000 || long[4999] != 7 {
		t.Error("the observation was changed, which readers share")
	}
}
