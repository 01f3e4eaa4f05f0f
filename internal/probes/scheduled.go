package probes

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
)

// scheduled is a probe with what it has counted and how it does.
type scheduled struct {
	*Prober
	tally *tally // only of the goroutine that runs the probe

	mu     sync.Mutex
	last   []sources.Series // what was recorded last; nil: the series have ended
	why    string           // of the gap that it is in; "": it is in none
	gaps   uint64
	latest Outcome // zero before the first
}

// tooLate is how much later than planned a probe may begin. A process that is paused for longer
// would measure itself.
func (p *scheduled) tooLate() time.Duration { return min(p.Settings.Every/2, 2*time.Second) }

// slack is how far two clocks may differ over a probe, and how much longer than its timeout a
// probe may take.
const slack = time.Second

// stalled says why the time of a probe cannot be believed; "" if it can. The wall clock goes on
// while a host sleeps, and the monotonic one, which timeouts are measured with, does not.
func stalled(wall, monotonic, timeout time.Duration) string {
	switch {
	case (wall - monotonic).Abs() > slack:
		return "this host was asleep, or its clock was set"
	case monotonic > timeout+slack:
		return "this process had no time for it"
	}
	return ""
}

func (p *scheduled) counting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last != nil
}

// recorded takes in an outcome that was stored, and logs where it differs from the one before.
func (p *scheduled) recorded(o Outcome, all []sources.Series, log *slog.Logger) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.why != "" {
		log.Info("a target can be probed again", "probe", p.Settings.Name)
	}
	if before := p.latest.Result; before != o.Result && (before != "" || !o.OK()) {
		log.Info("a probe has another result than before", "probe", p.Settings.Name, "result", o.Result, "detail", o.Detail)
	}
	p.last, p.why, p.latest = all, "", o
}

// gapped notes a gap, and reports whether it has just begun.
func (p *scheduled) gapped(why string, log *slog.Logger) (begins bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gaps++
	if begins = p.why == ""; begins {
		log.Warn("cannot probe a target; nothing is recorded of it meanwhile", "probe", p.Settings.Name, "reason", why)
	}
	p.why = why
	return begins
}

// ending returns the series that are to end, and forgets them.
func (p *scheduled) ending() (last []sources.Series) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, p.last = p.last, nil
	return last
}

// trouble says in words what people should know of the probe; "" if nothing.
func (p *scheduled) trouble(now time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.why != "" {
		return fmt.Sprintf("%s cannot be probed: %s", p.Settings.Name, p.why)
	}
	if ends := p.Settings.CertificateEnds(p.latest.Expires, now); ends != "" {
		return p.Settings.Name + ": " + ends
	}
	return ""
}
