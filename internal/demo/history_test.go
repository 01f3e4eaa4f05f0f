package demo

import (
	"testing"
	"time"
)

func TestHistoryIsWhatTheShopWouldHaveLeft(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	all := History([]time.Duration{20 * time.Millisecond, 100 * time.Millisecond}, "127.0.0.1:1", now)
	last := map[string]float64{}
	for _, s := range all {
		if s.Labels["job"] != "shop" || s.Labels["instance"] != "127.0.0.1:1" {
			t.Fatalf("labels %v", s.Labels)
		}
		before := -1.0
		for _, at := range s.Samples {
			if at.V < before {
				t.Fatalf("%v falls from %v to %v", s.Labels, before, at.V)
			}
			before = at.V
		}
		if end := s.Samples[len(s.Samples)-1].T; end != now.Add(-time.Second).UnixMilli() {
			t.Fatalf("%v ends at %d", s.Labels, end)
		}
		last[s.Labels["__name__"]+s.Labels["code"]+s.Labels["le"]] += before
	}
	total := last["http_requests_total200"] + last["http_requests_total500"]
	within(t, "requests a second", total/Past.Seconds(), 0.95*PerSecond, 1.05*PerSecond)
	within(t, "errors of all", last["http_requests_total500"]/total, 0.0045, 0.0055)
	within(t, "mean latency", last["http_request_duration_seconds_sum"]/last["http_request_duration_seconds_count"], 0.058, 0.064)
	within(t, "requests within 50ms", last["http_request_duration_seconds_bucket0.05"]/total, 0.49, 0.51)
	within(t, "requests in the last bucket", last["http_request_duration_seconds_bucket+Inf"]/total, 1, 1)
}

func within(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s: %v is not between %v and %v", what, got, low, high)
	}
}

func TestMeasure(t *testing.T) {
	took, err := Measure(t.Context(), 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range took {
		if d < 10*time.Millisecond {
			t.Fatalf("a page took %v", d)
		}
	}
}
