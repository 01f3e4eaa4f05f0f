package grafana

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

func TestDashboardURL(t *testing.T) {
	c := &Client{config: Config{URL: "https://grafana.example.org/sub", Dashboard: "svc_1", OrgID: 7}}
	from := time.UnixMilli(1795988381205)
	got := c.DashboardURL(sources.Change{Service: `cart&var-x=1#"<`, Environment: "production"}, from, from.Add(time.Hour))
	u, err := url.Parse(got)
	if err != nil || u.Host != "grafana.example.org" || u.Path != "/sub/d/svc_1" || u.Fragment != "" {
		t.Fatal(got, err)
	}
	want := url.Values{"from": {"1795988381205"}, "to": {"1795991981205"}, "var-service": {`cart&var-x=1#"<`}, "var-environment": {"production"}, "orgId": {"7"}}
	if u.RawQuery != want.Encode() {
		t.Errorf("%s, want %s", u.RawQuery, want.Encode())
	}
	c.config.Dashboard = ""
	if got := c.DashboardURL(sources.Change{}, from, from); got != "" {
		t.Error(got)
	}
}

func TestDashboardIsAUID(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("a-token-of-this-test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, uid := range []string{"a b", "../x", "x?y", strings.Repeat("x", 41), "https://grafana.example.org/d/x"} {
		_, err := New(Config{URL: "https://grafana.example.org", TokenFile: file, Dashboard: uid})
		if err == nil || !strings.Contains(err.Error(), "dashboard is no uid") {
			t.Errorf("%q: %v", uid, err)
		}
	}
}
