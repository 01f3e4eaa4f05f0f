//go:build integration

package dashboards

import (
	"os/exec"
	"strings"
	"testing"
)

// TestAlertsByPromtool has Prometheus itself check and try deploy/alerts.yml.
func TestAlertsByPromtool(t *testing.T) {
	f := func(args string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), "promtool", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", args, err, out)
		}
	}
	f("check rules --lint=all --lint-fatal ../deploy/alerts.yml")
	f("test rules ../deploy/alerts.test.yml")
}
