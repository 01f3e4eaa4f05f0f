package outbound

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds the time that a Retry-After may ask for.
const maxRetryAfter = time.Hour

// RetryAfter reads the header Retry-After (RFC 9110, section 10.2.3), which holds
// seconds or a date. Without it, it reads when a quota that is used up begins anew, as
// GitHub (X-RateLimit-Reset) and GitLab (RateLimit-Reset) say it, in seconds since 1970.
// It returns 0 without a valid one, and at most an hour. A date is compared with the
// answer's own Date, so that the clocks need not agree.
func RetryAfter(h http.Header) time.Duration {
	if h.Get("Retry-After") == "" {
		return max(quotaReset(h, "X-RateLimit-"), quotaReset(h, "RateLimit-"))
	}
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return min(max(time.Duration(seconds)*time.Second, 0), maxRetryAfter)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// quotaReset is how long a quota stays used up; 0 where some of it is left.
func quotaReset(h http.Header, prefix string) time.Duration {
	seconds, err := strconv.ParseInt(h.Get(prefix+"Reset"), 10, 64)
	if err != nil || h.Get(prefix+"Remaining") != "0" {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(time.Unix(seconds, 0).Sub(now), 0), maxRetryAfter)
}
