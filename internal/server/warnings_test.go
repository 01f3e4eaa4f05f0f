package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// Typing errors are looked for in a person's events, and only now and then in those of a tool
// that sends thousands.
func TestWarningsOfEvents(t *testing.T) {
	p := listen(t, func(o *Options) {
		o.Warn = func(_ sources.Event, c sources.Change) []api.Warning {
			return []api.Warning{{Code: "unwatched", Detail: c.Service}}
		}
	})
	warned := 0
	for i := range 3 * warningsPerSecond {
		_, answer, _ := p.ask(http.MethodPost, "/v1/events", event(fmt.Sprint("d", i)), "Content-Type", "application/json", "Authorization", "Bearer "+token)
		warned += strings.Count(answer, `"warnings":[{"code":"unwatched","detail":"cart"}]`)
	}
	if warned != warningsPerSecond {
		t.Errorf("%d events were looked at in one second, want %d", warned, warningsPerSecond)
	}
}
