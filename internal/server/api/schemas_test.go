package api

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/detector"
)

// What a look has not measured is null in JSON, and the schema says so.
func TestUnmeasuredTicksAreInTheSchema(t *testing.T) {
	r := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	DescribeTypes(r)
	s := r.Schema(reflect.TypeFor[detector.Ticks](), false, "")
	text, err := json.Marshal(detector.Ticks{Value: detector.Values{1, math.NaN()}, Total: detector.Values{2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	var given any
	if err := json.Unmarshal(text, &given); err != nil {
		t.Fatal(err)
	}
	var result huma.ValidateResult
	huma.Validate(r, s, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, given, &result)
	if len(result.Errors) > 0 {
		t.Errorf("%s: %v", text, result.Errors)
	}
}
