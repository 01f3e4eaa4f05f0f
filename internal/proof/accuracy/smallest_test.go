package accuracy

import "testing"

// TestSmallestIsRightWithinAFifth holds the figure that a watch of thin traffic
// gives to what it finds.
func TestSmallestIsRightWithinAFifth(t *testing.T) {
	rows := smallest(400, 1)
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
