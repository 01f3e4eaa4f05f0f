package daemon

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/config"
)

// Whose changes a tool gets: a source of another kind could name any repository that the token may write to.
func TestReportsAreTiedToSources(t *testing.T) {
	f := func(kind string, named []string, sources string, want, mistake string) {
		t.Helper()
		c := config.Config{Sources: map[string]config.Source{}}
		for _, one := range strings.Fields(sources) {
			name, kind, _ := strings.Cut(one, ":")
			c.Sources[name] = config.Source{Adapter: config.Adapter{Kind: kind}}
		}
		b := builder{config: c}
		got, err := b.sourcesOf(config.Report{Adapter: config.Adapter{Kind: kind}, Sources: named}, map[string]string{"github": "github"}[kind])
		if mistake != "" {
			if err == nil || !strings.HasPrefix(err.Error(), mistake) {
				t.Errorf("%s of %v: %v, want %q", kind, named, err, mistake)
			}
			return
		}
		if text := fmt.Sprint(got); err != nil || text != want || (got == nil) != (want == "[]") {
			t.Errorf("%s of %v: %s, %v; want %s", kind, named, text, err, want)
		}
	}
	f("github", nil, "hub2:github hub1:github other:generic", "[hub1 hub2]", "")
	f("github", []string{"hub2"}, "hub2:github hub1:github", "[hub2]", "")
	f("any", nil, "hub:github other:generic", "[]", "")
	f("any", []string{"other"}, "hub:github other:generic", "[other]", "")
	f("github", []string{"other"}, "hub:github other:generic", "", "sources has other, which is of kind generic")
	f("github", nil, "other:generic", "", "kind is github, and there is no source of kind github")
}
