package rollback_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pushback/pushback/rollback"
)

func TestTarget(t *testing.T) {
	live := func(version string, s rollback.Standing) rollback.LiveVersion {
		return rollback.LiveVersion{Version: version, Standing: s}
	}
	f := func(reach rollback.TargetReach, want string, before ...rollback.LiveVersion) {
		t.Helper()
		got, refusals := rollback.Target(reach, before)
		if refused := len(refusals) > 0; refused != (want == "") {
			t.Errorf("%v: refusals %v", before, refusals)
		} else if !refused && got.Version != want {
			t.Errorf("%v: target %q, want %q", before, got.Version, want)
		}
	}
	f(rollback.Previous, "")
	f(rollback.Previous, "", live("", rollback.Good))
	f(rollback.Previous, "v1", live("v1", rollback.Good))
	f(rollback.Previous, "v1", live("v1", rollback.Unproven))
	f(rollback.Previous, "", live("v1", ""))
	f(rollback.Previous, "", live("v1", rollback.Suspected), live("v0", rollback.Good))
	f(rollback.Previous, "", live("v1", rollback.Bad), live("v0", rollback.Good))
	f(rollback.LastGood, "v1", live("v1", rollback.Good), live("v0", rollback.Good))
	f(rollback.LastGood, "v0", live("v1", rollback.Bad), live("v0", rollback.Good))
	f(rollback.LastGood, "v0", live("v1", rollback.Unproven), live("v0", rollback.Good))
	f(rollback.LastGood, "", live("v1", rollback.Unproven))
	f(rollback.LastGood, "")
}

func TestFixedTarget(t *testing.T) {
	live := func(version string, s rollback.Standing) rollback.LiveVersion {
		return rollback.LiveVersion{Version: version, Standing: s}
	}
	f := func(want rollback.Standing, before ...rollback.LiveVersion) {
		t.Helper()
		if got := rollback.FixedTarget("off", before); got != live("off", want) {
			t.Errorf("%v: %v, want it %s", before, got, want)
		}
	}
	f(rollback.Unproven)
	f(rollback.Unproven, live("50%", rollback.Bad))
	f(rollback.Good, live("50%", rollback.Bad), live("off", rollback.Good), live("off", rollback.Bad))
	f(rollback.Bad, live("off", rollback.Bad))
}

func TestOutput(t *testing.T) {
	f := func(raw, want string) {
		t.Helper()
		if got := rollback.Output(raw); got != want {
			t.Errorf("Output(%.40q) = %.40q, want %.40q", raw, got, want)
		}
	}
	f("one\n\ttwo", "one\n\ttwo")
	f("nul \x00, escape \x1b[2J, broken \xff.", "nul , escape [2J, broken .")
	f("\u202eback\u2066 zero\u200b", "back zero")
	f(strings.Repeat("x", rollback.MaxOutput+1), strings.Repeat("x", rollback.MaxOutput))
	if got := rollback.Output(strings.Repeat("é", rollback.MaxOutput)); len(got) > rollback.MaxOutput || !utf8.ValidString(got) {
		t.Errorf("a cut character is left: %d bytes", len(got))
	}
}
