package detector

import (
	"testing"

	"github.com/pushback/pushback/sources"
)

// TestPaceOfReplicas holds that steps from one replica to another are no pace, where by chance most of the
// growth is such steps: the errors of a quiet pod, of which the second replica began later.
func TestPaceOfReplicas(t *testing.T) {
	turns := []float64{
		1700, 1701, 1701, 17001, 17001, 17001, 17001, 1701, 17001, 1701, 1701, 1702, 17002, 17002, 1702, 1702, 1703, 1703, 17003, 17003, 17003,
		1703, 1703, 17003, 17003, 17003, 17003, 1703, 1703, 1703, 1703, 1703, 17003, 17003, 1703, 1703, 17003, 17003, 1703, 1703, 17003, 17003,
		1703, 1703, 1703, 17003, 17003, 1703, 1703, 1703, 1703, 17003, 17003, 1703, 17003, 17003, 17003, 1703, 1703, 1703, 1704, 17005, 17006,
	}
	bad := labelled(minutes(turns...), "code", "500")
	good := labelled(minutes(steadily(1e6, 600, len(turns))...), "code", "200")
	got := paceOf(plainSeries([]sources.Series{good, bad}), ownPoints) * 60_000
	if got != 600 {
		t.Errorf("the usual growth is %v a minute, want 600", got)
	}
}
