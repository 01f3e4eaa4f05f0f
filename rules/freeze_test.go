package rules

import (
	"testing"
	"time"

	"github.com/pushback/pushback/internal/strictyaml"
)

func TestFreeze(t *testing.T) {
	f := func(cron Cron, zone Zone, d time.Duration, now string, want bool) {
		t.Helper()
		moment, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Freeze{{cron, zone, d}}).Holds(moment); got != want {
			t.Errorf("%s %s for %v at %s: %v", cron, zone, d, now, got)
		}
	}
	const friday, h = Cron("0 16 * * FRI"), time.Hour
	f(friday, "", 8*h, "2026-11-20T15:59:59Z", false)
	f(friday, "", 8*h, "2026-11-20T16:00:00Z", true)
	f(friday, "", 8*h, "2026-11-20T23:59:59Z", true)
	f(friday, "", 8*h, "2026-11-21T00:00:00Z", false)
	f(friday, "Europe/Berlin", 62*h, "2026-11-20T14:59:59Z", false)
	f(friday, "Europe/Berlin", 62*h, "2026-11-20T15:00:00Z", true)
	f(friday, "Europe/Berlin", 62*h, "2026-11-23T04:59:59Z", true)
	f(friday, "Europe/Berlin", 62*h, "2026-11-23T05:00:00Z", false)

	// 02:30 does not exist in Berlin on 29 March 2026: the clock goes from
	// 02:00 to 03:00, at 01:00 UTC. The window must not be lost.
	const night = Cron("30 2 * * *")
	f(night, "Europe/Berlin", 3*h, "2026-03-29T00:29:59Z", false)
	f(night, "Europe/Berlin", 3*h, "2026-03-29T02:00:00Z", true)
	f(night, "Europe/Berlin", 3*h, "2026-03-29T05:00:00Z", false)
	// It comes twice on 25 October 2026; the window holds from the first to
	// the end of the second.
	f(night, "Europe/Berlin", 3*h, "2026-10-25T00:29:59Z", false)
	f(night, "Europe/Berlin", 3*h, "2026-10-25T00:30:00Z", true)
	f(night, "Europe/Berlin", 3*h, "2026-10-25T04:29:59Z", true)
	f(night, "Europe/Berlin", 3*h, "2026-10-25T04:30:00Z", false)

	f("@weekly", "UTC", 24*h, "2026-11-22T12:00:00Z", true)
	f("* * * * *", "UTC", time.Minute, "2026-11-22T12:00:30Z", true)
	f("0 0 24 12 *", "UTC", 10*24*h, "2026-12-31T12:00:00Z", true)
	f("0 0 24 12 *", "UTC", 10*24*h, "2026-12-23T23:59:00Z", false)
	if (Freeze{}).Holds(time.Unix(0, 0)) {
		t.Error("no windows, yet one holds")
	}
}

func TestFreezeIsReadStrictly(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		var got struct {
			Friday Freeze `yaml:"friday"`
		}
		_, problems := strictyaml.Decode([]byte(text), &got)
		message := ""
		if len(problems) > 0 {
			message = problems[0].Message
		}
		if message != want {
			t.Errorf("%s: %q", text, message)
		}
	}
	f(`friday: [{cron: "0 16 * * FRI", zone: Europe/Berlin, duration: 62h}]`, "")
	f(`friday: [{cron: "@daily", duration: 1h}]`, "")
	f(`friday: [{cron: "TZ=", duration: 1h}]`, "not a schedule of five fields")
	f(`friday: [{cron: "CRON_TZ=UTC 0 0 * * *", duration: 1h}]`, "not a schedule of five fields")
	f(`friday: [{cron: "@every 1h", duration: 1h}]`, "not a schedule of five fields")
	f(`friday: [{cron: "0 0 30 2 *", duration: 1h}]`, "this schedule never occurs")
	f(`friday: [{cron: "0 0 29 2 *", duration: 1h}]`, "")
	f(`friday: [{cron: "", duration: 1h}]`, "not a schedule: empty spec string")
	f(`friday: [{cron: "0 0 * * *", zone: Berlin, duration: 1h}]`, `unknown time zone "Berlin"`)
	f(`friday: [{cron: "0 0 * * *", zone: Local, duration: 1h}]`, `unknown time zone "Local"`)
	f(`friday: [{cron: "0 0 * * *", zone: ../../etc/passwd, duration: 1h}]`, `unknown time zone "../../etc/passwd"`)
	f(`friday: [{cron: "0 0 * * *"}]`, `the key "duration" is missing`)
}

func FuzzCron(f *testing.F) {
	for _, text := range []string{"0 16 * * FRI", "TZ=", "CRON_TZ=UTC", "@every 1s", "@weekly", "*/0 * * * *", "1-0 * * * *", "99999999999 * * * *", "0 0 31 2 *"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c Cron
		if c.UnmarshalText([]byte(text)) != nil {
			return
		}
		Freeze{{c, "Europe/Berlin", time.Hour}}.Holds(time.Unix(1_700_000_000, 0))
	})
}
