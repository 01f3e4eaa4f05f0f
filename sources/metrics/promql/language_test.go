package promql

import "testing"

// TestMatchIsASelector checks that the matchers select exactly the given labels.
func TestMatchIsASelector(t *testing.T) {
	text, ok := Language{}.Match(map[string][]string{"job": {`a"b\`}, "ns": {"x.y", "z|z"}})
	if !ok {
		t.Fatal("PromQL has matchers")
	}
	matchers, err := language.ParseMetricSelector("{" + text + "}")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	matches := func(labels map[string]string) bool {
		for _, m := range matchers {
			if !m.Matches(labels[m.Name]) {
				return false
			}
		}
		return true
	}
	for labels, want := range map[[2]string]bool{{`a"b\`, "x.y"}: true, {`a"b\`, "z|z"}: true, {`a"b\`, "xxy"}: false, {"a", "x.y"}: false, {`a"b\`, "z"}: false} {
		if got := matches(map[string]string{"job": labels[0], "ns": labels[1]}); got != want {
			t.Errorf("%q: %v", labels, got)
		}
	}
}

func TestParse(t *testing.T) {
	if err := (Language{}).Parse("rate(x[5m])"); err != nil {
		t.Error(err)
	}
	if (Language{}).Parse("rate(x[5m]") == nil {
		t.Error("a missing parenthesis passes")
	}
}
