package embedded

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
)

// A target answers for itself: a redirect is not followed, and a target whose address is
// link-local, where clouds serve credentials, is not asked.
func TestScrapesGoWhereTheyAreSent(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer other.Close()
	target := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer target.Close()
	s := open(t, Config{ScrapeInterval: 100 * time.Millisecond, Targets: []Job{
		{Job: "moved", Targets: []string{strings.TrimPrefix(target.URL, "http://")}}, {Job: "cloud", Targets: []string{"169.254.169.254:80"}},
	}})
	closeAtEnd(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	eventually(t, s, `up == 0`, func(got []sources.Series) bool { return len(got) == 2 })
	eventually(t, s, `vector(1)`, func([]sources.Series) bool { return strings.HasPrefix(metrics.Trouble(s), "2 of 2") })
	s.targets.mu.Lock()
	for url, why := range s.targets.failing {
		if strings.Contains(url, "169.254") && !strings.Contains(why, "link-local") {
			t.Errorf("%s: %s", url, why)
		}
	}
	s.targets.mu.Unlock()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
