package rules

import (
	"testing"
	"time"
)

func TestSchedule(t *testing.T) {
	moment := func(text string) time.Time {
		t.Helper()
		if text == "" {
			return time.Time{}
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	next := func(cron Cron, zone Zone, after, want string) {
		t.Helper()
		if got := (Schedule{cron, zone}).Next(moment(after)); !got.Equal(moment(want)) {
			t.Errorf("%s %s after %s: %s, want %s", cron, zone, after, got, want)
		}
	}
	next("7 2,14 * * *", "", "2026-11-20T00:00:00Z", "2026-11-20T02:07:00Z")
	next("7 2,14 * * *", "", "2026-11-20T02:07:00Z", "2026-11-20T14:07:00Z")
	next("30 9 * * MON", "America/New_York", "2026-11-20T00:00:00Z", "2026-11-23T14:30:00Z")
	// 02:30 is skipped in Berlin on 29 March 2026, and comes twice on 25 October.
	next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z")
	next("30 2 * * *", "Europe/Berlin", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z")
	next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z")
	next("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")
	next("0 0 30 2 *", "", "2026-01-01T00:00:00Z", "")
	next("0 0 * * *", "Nowhere", "2026-01-01T00:00:00Z", "")
	next("TZ=", "", "2026-01-01T00:00:00Z", "")

	latest := func(cron Cron, after, now, want string) {
		t.Helper()
		if got := (Schedule{Cron: cron}).Latest(moment(after), moment(now)); !got.Equal(moment(want)) {
			t.Errorf("%s from %s to %s: %s, want %s", cron, after, now, got, want)
		}
	}
	latest("0 3 * * *", "2026-11-20T03:00:00Z", "2026-11-21T02:59:59Z", "")
	latest("0 3 * * *", "2026-11-20T03:00:00Z", "2026-11-21T03:00:00Z", "2026-11-21T03:00:00Z")
	latest("0 3 * * *", "2026-11-01T03:00:00Z", "2026-11-21T12:00:00Z", "2026-11-21T03:00:00Z")
	latest("0 3 * * *", "", "2026-11-21T12:00:00Z", "2026-11-21T03:00:00Z")
	latest("* * * * *", "", "2026-11-21T12:00:30Z", "2026-11-21T12:00:00Z")
	latest("0 0 1 * *", "", "2026-11-21T12:00:00Z", "2026-11-01T00:00:00Z")
	latest("0 0 1 1 *", "", "2026-11-21T12:00:00Z", "")
}
