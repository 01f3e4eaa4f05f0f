package server

import (
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

func TestAPageSaysWhyAPreviewIsNotWatched(t *testing.T) {
	f := func(environment, state string, want bool) {
		t.Helper()
		e := api.Explanation{Change: api.ChangeSummary{Change: api.Change{Change: sources.Change{Service: "cart", Environment: environment}}, State: state}}
		if got := changeView(e, time.Time{}).Headline; strings.HasPrefix(got, "Not watched: its environment is a preview") != want {
			t.Errorf("%s, %s: %s", environment, state, got)
		}
	}
	f("preview/pr-17", "unwatched", true)
	f("preview/pr-17", "healthy", false)
	f("production", "unwatched", false)
}
