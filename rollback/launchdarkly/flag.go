package launchdarkly

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/flag"
)

// fullWeight is the sum of all weights, in thousandths of a percent.
const fullWeight = 100_000

// feature holds the fields that are read from GET /api/v2/flags/{project}/{flag}.
type feature struct {
	Archived   bool `json:"archived"`
	Variations []struct {
		ID    string          `json:"_id"`
		Name  string          `json:"name"`
		Value json.RawMessage `json:"value"`
	} `json:"variations"`
	Environments map[string]environment `json:"environments"`
}

type environment struct {
	On           bool `json:"on"`
	OffVariation *int `json:"offVariation"`
	Fallthrough  struct {
		Variation *int     `json:"variation"`
		Rollout   *rollout `json:"rollout"`
	} `json:"fallthrough"`
}

type rollout struct {
	Variations []struct {
		Variation int `json:"variation"`
		Weight    int `json:"weight"`
	} `json:"variations"`
	ContextKind string `json:"contextKind"`
	BucketBy    string `json:"bucketBy"`
}

// instruction is one step of a semantic patch.
type instruction struct {
	Kind        string         `json:"kind"`
	VariationID string         `json:"variationId,omitempty"`
	Weights     map[string]int `json:"rolloutWeights,omitempty"`
	ContextKind string         `json:"rolloutContextKind,omitempty"`
	BucketBy    string         `json:"rolloutBucketBy,omitempty"`
}

// instructions returns the steps that set an environment to a value; none if it has the
// value already.
func (f feature) instructions(e environment, v flag.Value) ([]instruction, error) {
	switch v.Kind {
	case flag.Off:
		if !e.On {
			return nil, nil
		}
		return []instruction{{Kind: "turnFlagOff"}}, nil
	case flag.On:
		return turnOn(e), nil
	case flag.Share:
		return f.shareInstructions(e, v.Thousandths)
	}
	return f.variationInstructions(e, v.Name)
}

func turnOn(e environment) []instruction {
	if e.On {
		return nil
	}
	return []instruction{{Kind: "turnFlagOn"}}
}

// variationInstructions sets the fallthrough to one variation.
func (f feature) variationInstructions(e environment, name string) ([]instruction, error) {
	for i, v := range f.Variations {
		if v.ID != name && v.Name != name && string(v.Value) != name && string(v.Value) != `"`+name+`"` {
			continue
		}
		if now := e.Fallthrough.Variation; now != nil && *now == i {
			return turnOn(e), nil
		}
		return append([]instruction{{Kind: "updateFallthroughVariationOrRollout", VariationID: v.ID}}, turnOn(e)...), nil
	}
	return nil, fmt.Errorf("the flag has no variation %q", name)
}

// shareInstructions sets the share of the fallthrough that gets the variation which is not
// the off variation.
func (f feature) shareInstructions(e environment, thousandths int) ([]instruction, error) {
	if len(f.Variations) != 2 || e.OffVariation == nil || *e.OffVariation < 0 || *e.OffVariation > 1 {
		return nil, fmt.Errorf("a share needs a flag with two variations, one of them the off variation: this flag has %d", len(f.Variations))
	}
	off := *e.OffVariation
	if f.Variations[0].ID == "" || f.Variations[0].ID == f.Variations[1].ID {
		return nil, errors.New("the flag's two variations cannot be told apart, because LaunchDarkly returned no ids for them")
	}
	if now, known := f.weight(e, 1-off); known && now == thousandths {
		return turnOn(e), nil
	}
	step := instruction{
		Kind:    "updateFallthroughVariationOrRollout",
		Weights: map[string]int{f.Variations[1-off].ID: thousandths, f.Variations[off].ID: fullWeight - thousandths},
	}
	if r := e.Fallthrough.Rollout; r != nil {
		step.ContextKind, step.BucketBy = r.ContextKind, r.BucketBy
	}
	return append([]instruction{step}, turnOn(e)...), nil
}

// weight is a variation's share of the fallthrough in thousandths of a percent, and
// whether it is known.
func (f feature) weight(e environment, variation int) (int, bool) {
	if v := e.Fallthrough.Variation; v != nil {
		return map[bool]int{true: fullWeight}[*v == variation], true
	}
	if e.Fallthrough.Rollout == nil {
		return 0, false
	}
	sum := 0
	for _, v := range e.Fallthrough.Rollout.Variations {
		if v.Variation == variation {
			sum += v.Weight
		}
	}
	return sum, true
}

// servedValue describes what an environment serves, for people.
func (f feature) servedValue(e environment) string {
	if !e.On {
		return "off"
	}
	if v := e.Fallthrough.Variation; v != nil && *v >= 0 && *v < len(f.Variations) {
		return rollback.Output(f.name(*v))
	}
	if len(f.Variations) == 2 && e.OffVariation != nil && (*e.OffVariation == 0 || *e.OffVariation == 1) {
		if n, known := f.weight(e, 1-*e.OffVariation); known {
			return flag.FormatPercent(n) + "%"
		}
	}
	return "on"
}

func (f feature) name(i int) string {
	if name := f.Variations[i].Name; name != "" {
		return name
	}
	return string(f.Variations[i].Value)
}
