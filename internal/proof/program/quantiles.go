package program

import (
	"fmt"
	"slices"
	"time"
)

// Quantiles describe many durations.
type Quantiles struct{ Half, NinetyNine, Most time.Duration }

// QuantilesOf sorts the durations.
func QuantilesOf(all []time.Duration) Quantiles {
	if len(all) == 0 {
		return Quantiles{}
	}
	slices.Sort(all)
	return Quantiles{all[len(all)/2], all[len(all)*99/100], all[len(all)-1]}
}

// String is in milliseconds.
func (q Quantiles) String() string {
	return fmt.Sprintf("%d / %d / %d", q.Half.Milliseconds(), q.NinetyNine.Milliseconds(), q.Most.Milliseconds())
}
