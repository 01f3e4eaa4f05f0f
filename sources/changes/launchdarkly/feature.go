package launchdarkly

import (
	"encoding/json"

	"github.com/pushback/pushback/sources/changes/flags"
)

// feature is a flag as an entry holds it.
type feature struct {
	Tags       []string    `json:"tags"`
	Archived   bool        `json:"archived"`
	Variations []variation `json:"variations"`

	Environments map[string]environment `json:"environments"`
}

type variation struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

// environment is what decides whom a flag serves what.
type environment struct {
	On             bool            `json:"on"`
	OffVariation   *int            `json:"offVariation"`
	Targets        json.RawMessage `json:"targets"`
	ContextTargets json.RawMessage `json:"contextTargets"`
	Rules          json.RawMessage `json:"rules"`
	Prerequisites  json.RawMessage `json:"prerequisites"`
	Fallthrough    struct {
		Variation *int `json:"variation"`
		Rollout   *struct {
			Variations []struct {
				Variation int   `json:"variation"`
				Weight    int64 `json:"weight"` // thousandths of a percent
			} `json:"variations"`
		} `json:"rollout"`
	} `json:"fallthrough"`
}

// state is what the flag serves in an environment; the zero State if that is not known.
func (f *feature) state(name string) flags.State {
	if f == nil {
		return flags.State{}
	}
	e, known := f.Environments[name]
	switch {
	case !known:
		return flags.State{}
	case f.Archived:
		e.On = false
	}
	if !e.On {
		// Rules that nobody is served by are no state of their own.
		return flags.Off
	}
	return flags.State{Serves: f.serves(e), Rules: []any{e, f.Variations}}
}

// serves says what is served to those that no rule selects.
func (f *feature) serves(e environment) string {
	if v := e.Fallthrough.Variation; v != nil && *v >= 0 && *v < len(f.Variations) {
		return f.Variations[*v].text()
	}
	if e.Fallthrough.Rollout == nil || len(f.Variations) != 2 || e.OffVariation == nil || *e.OffVariation != 0 && *e.OffVariation != 1 {
		return "on"
	}
	sum := int64(0)
	for _, v := range e.Fallthrough.Rollout.Variations {
		if v.Variation == 1-*e.OffVariation {
			sum += v.Weight
		}
	}
	return flags.Share(float64(sum) / 1000)
}

// text is a variation by its name, or by its value where it is a short one. The hook of this
// kind finds it by either.
func (v variation) text() string {
	if v.Name != "" {
		return v.Name
	}
	if text := ""; json.Unmarshal(v.Value, &text) == nil && text != "" {
		v.Value = []byte(text)
	}
	if len(v.Value) > 0 && len(v.Value) <= 100 {
		return string(v.Value)
	}
	return "on"
}
