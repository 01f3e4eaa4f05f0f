package outbound

import (
	"net/http"
	"testing"
	"time"
)

// A quota that is used up says when it begins anew; one that is not says nothing of when to ask again.
func TestQuotas(t *testing.T) {
	f := func(name string, want time.Duration, header ...string) {
		t.Helper()
		h := http.Header{"Date": {"Fri, 20 Nov 2026 12:00:00 GMT"}} // 1795176000
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		if got := RetryAfter(h); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	f("none", 0)
	f("GitHub's", 90*time.Second, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1795176090")
	f("GitLab's", 90*time.Second, "RateLimit-Remaining", "0", "RateLimit-Reset", "1795176090")
	f("one that is not used up", 0, "X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "1795176090")
	f("one that has begun anew", 0, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1795175990")
	f("of days", time.Hour, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1799999999")
	f("no number", 0, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "soon")
	f("Retry-After counts first", 5*time.Second, "Retry-After", "5", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1795176090")
}
