package versions

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/sources"
)

// announced is a change that ci reported.
func announced(version, previous string, at time.Time) sources.Change {
	return sources.Begin(sources.Event{
		Source: "ci", EventID: version, ChangeID: version, Service: "cart", Environment: "production", Kind: sources.Deploy,
		Version: version, Previous: previous, Status: sources.Succeeded, At: at,
	})
}

func TestAnnouncedVersions(t *testing.T) {
	f := func(name string, within time.Duration, runs []any, reported func(start time.Time) []sources.Change, wantRemark, wantLog string) {
		synctest.Test(t, func(t *testing.T) {
			w := &world{runs: steps(time.Now(), runs...), reported: reported(time.Now())}
			w.run(t, w.feed(t, func(c *Config) { c.Within = within }), 3*time.Hour)
			got := strings.Join(w.remarks, "|")
			if got != wantRemark || wantLog != "" != strings.Contains(w.log.String(), "names of versions do not meet") {
				t.Errorf("%s: %q, want %q; log %s", name, got, wantRemark, w.log.String())
			}
			if n := strings.Count(w.log.String(), "do not meet"); n > 1 {
				t.Errorf("%s: said %d times", name, n)
			}
		})
	}
	const longAgo, later = -24 * time.Hour, time.Hour
	one := []any{longAgo, "v1=3"}
	at := func(versions ...string) func(time.Time) []sources.Change {
		return func(start time.Time) (all []sources.Change) {
			for i, version := range versions {
				all = append(all, announced(version, "", start.Add(time.Hour+time.Duration(i-len(versions)+1)*30*time.Minute)))
			}
			return all
		}
	}
	f("it came", 20*time.Minute, []any{longAgo, "v1=3", later, "v2=3"}, at("v1", "v2"), "", "")
	f("it did not come", 20*time.Minute, one, at("v1", "v2"), "v2 does not run 20m0s after ci reported it: v1 does", "")
	f("it came and went", 20*time.Minute, []any{longAgo, "v1=3", later, "v1=2 v2=1", later + 5*time.Minute, "v1=3"}, at("v1", "v2"), "", "")
	f("another came", 20*time.Minute, []any{longAgo, "v1=3", later, "v3=3"}, at("v1", "v2"), "v2 does not run 20m0s after ci reported it: v3 does", "")
	f("as a hash", 20*time.Minute, []any{longAgo, "0123456=3", later, "3f78685=3"}, at("01234567aaaa", "3f786850e387550fdab8"), "", "")
	f("the names differ", 20*time.Minute, []any{longAgo, "v1=3", later, "v2=3"}, at("0123456aaa", "3f786850e3"), "", "said")
	f("the first that is announced", 20*time.Minute, one, at("3f786850e3"), "", "said")
	f("the tool names the version before", 20*time.Minute, one, func(start time.Time) []sources.Change {
		return []sources.Change{announced("v2", "2026.1", start.Add(time.Hour))}
	}, "", "said")
	f("the tool names the version before, as the metric does", 20*time.Minute, one, func(start time.Time) []sources.Change {
		return []sources.Change{announced("v2", "v1", start.Add(time.Hour))}
	}, "v2 does not run 20m0s after ci reported it: v1 does", "")
	f("nobody wants to know", 0, one, at("v1", "v2"), "", "")
	f("nothing was scraped", 20*time.Minute, []any{longAgo, "v1=3", later, ""}, at("v1", "v2"), "", "")
	f("of another service", 20*time.Minute, one, func(start time.Time) []sources.Change {
		c := announced("v2", "v1", start.Add(time.Hour))
		c.Service = "search"
		return []sources.Change{c}
	}, "", "")
}

// TestTheNameOfAWebhook is used, so that both reports are one change.
func TestTheNameOfAWebhook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := &world{runs: steps(start, -24*time.Hour, "0123456=3", time.Hour, "3f78685=3")}
		w.reported = []sources.Change{announced("3f786850e387550fdab8", "", start.Add(59*time.Minute))}
		w.run(t, w.feed(t, nil), 90*time.Minute)
		if want := []string{"started 3f786850e387550fdab8 at 01:00:00", "succeeded 3f786850e387550fdab8 at 01:00:00"}; !slices.Equal(w.taken, want) {
			t.Errorf("%q, want %q", w.taken, want)
		}
	})
}
