package replay

import (
	"errors"
	"time"

	"github.com/pushback/pushback/detector"
)

// What an entry may ask to be judged. Rules stay far within, and a forged entry must not
// keep whoever checks it busy for ever.
const (
	mostTicks   = 10_000
	mostGap     = 5_000_000 // ticks: a before window may be inherited from a change long ago
	mostSignals = 2_000
	shortest    = time.Second // tick
	longest     = 366 * 24 * time.Hour
)

var errOutOfBounds = errors.New("the entry is none that Pushback writes: its plan or its observation is out of all bounds")

// check holds the plan and the observation to the bounds.
func (b Basis) check() error {
	p, o := b.Plan, b.Observation
	fits := within(p.Before, mostTicks) && within(p.After, mostTicks) && within(o.Gap, mostGap) &&
		len(p.Signals) <= mostSignals && len(o.Readings) <= mostSignals &&
		p.Tick >= shortest && p.Tick <= longest && (p.Fine == 0 || p.Fine >= shortest && p.Fine <= longest) &&
		short(p.Season) && short(o.Settled) && short(o.At.Sub(o.StartedAt)) && short(o.From.Sub(o.StartedAt)) &&
		(o.Fine == nil || within(o.Fine.Gap, mostGap))
	for _, r := range o.Readings {
		fits = fits && short(r.Silent) && fewTicks(r.Before, r.After, r.Running)
		if r.Control != nil {
			fits = fits && fewTicks(r.Control.Before, r.Control.After, r.Control.Running)
		}
	}
	if !fits {
		return errOutOfBounds
	}
	return nil
}

func within(n, most int) bool { return n >= 0 && n <= most }

func short(d time.Duration) bool { return d.Abs() <= longest }

func fewTicks(all ...detector.Ticks) bool {
	for _, t := range all {
		if len(t.Value) > mostTicks {
			return false
		}
	}
	return true
}
