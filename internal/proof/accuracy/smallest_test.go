package accuracy

import "testing"

// TestSmallestIsRightWithinAFifth compares the difference that a watch with little
// traffic states as detectable with what it detects.
func TestSmallestIsRightWithinAFifth(t *testing.T) {
	rows := checkSmallest(400, 1)
	for i := 0; i < len(rows); i += 3 {
		less, more := rows[i], rows[i+2]
		t.Logf("%s: %v, %v, %v", rows[i+1].What, less.Share, rows[i+1].Share, more.Share)
		if less.Share >= 0.8 {
			t.Errorf("%s: found in %v, want less than 0.8", less.What, less.Share)
		}
		if more.Share < 0.8 {
			t.Errorf("%s: found in %v, want 0.8", more.What, more.Share)
		}
	}
}
