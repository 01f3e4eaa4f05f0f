package launchdarkly

import (
	"encoding/json"
	"testing"

	"github.com/pushback/pushback/rollback/internal/flag"
)

// FuzzFeature decodes arbitrary answers. Whatever the server answers, weights are for two
// variations and add up to fullWeight.
func FuzzFeature(f *testing.F) {
	text, err := json.Marshal(cart().flag)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, "25%")
	f.Add([]byte(`{"variations": [{}, {}], "environments": {"production": {"offVariation": -1, "fallthrough": {"variation": 99}}}}`), "new")
	f.Add([]byte(`{"environments": {"production": {"on": true, "fallthrough": {"rollout": {"variations": [{"variation": 7, "weight": -5}]}}}}}`), "on")
	f.Fuzz(func(t *testing.T, text []byte, version string) {
		var found feature
		to, err := flag.Parse(version)
		if err != nil || json.Unmarshal(text, &found) != nil {
			return
		}
		e := found.Environments["production"]
		_ = found.servedValue(e)
		steps, err := found.instructions(e, to)
		if err != nil {
			return
		}
		for _, s := range steps {
			sum := 0
			for _, w := range s.Weights {
				sum += w
			}
			if s.Weights != nil && (len(s.Weights) != 2 || sum != fullWeight) {
				t.Errorf("weights %v", s.Weights)
			}
		}
	})
}
