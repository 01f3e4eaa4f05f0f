package reliability

import "testing"

// This test fails within seconds when a line that a plant replaces has changed. Without
// it, only `make reliability` would fail.
func TestPlantsFit(t *testing.T) {
	for _, p := range plants {
		if _, err := apply("../../..", t.TempDir(), p.edits); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
}
