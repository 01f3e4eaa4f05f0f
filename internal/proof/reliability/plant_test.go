package reliability

import "testing"

// Whoever changes a line that a bug is planted in hears of it here, in
// seconds, and not from `make reliability`.
func TestPlantsFit(t *testing.T) {
	for _, p := range plants {
		if _, err := apply("../../..", t.TempDir(), p.edits); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
}
