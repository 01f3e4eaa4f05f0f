package reliability

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/sources"
)

// The versions of the flags of a service. ownVersion is what the bad flag was set to
// before, and otherVersion what another one was set to in between.
const (
	badFlag      = "e"
	otherFlag    = "a"
	ownVersion   = "10%"
	otherVersion = "90%"
)

// turnFlag reports a bad step of a flag, whose service has another flag that was set
// later than the step before. No event names an earlier version: the daemon must know
// which one is the flag's own. The first steps are so old that nothing suspects them.
func (d *driver) turnFlag(ctx context.Context, hook string) {
	now := time.Now()
	service := d.service(hook)
	for _, step := range []struct {
		change *change
		age    time.Duration
	}{
		{&change{service: service, version: ownVersion, group: badFlag, hook: hook}, 50 * time.Minute},
		{&change{service: service, version: otherVersion, group: otherFlag, hook: hook}, 40 * time.Minute},
		{&change{service: service, version: "50%", previous: ownVersion, group: badFlag, hook: hook, bad: true}, changeAge},
	} {
		d.add(step.change)
		d.report(ctx, step.change, sources.Succeeded, now.Add(-step.age))
		if step.change.lastAcknowledged() == "" {
			return // without the steps before, nothing tells what to go back to
		}
	}
}

// checkTarget checks what a bad change was set back to. The suite checks nothing about
// changes that began seconds after a bad one.
func checkTarget(c *change, calls []call) (violations []string) {
	for _, one := range calls {
		if c.bad && one.Target != c.previous {
			violations = append(violations, fmt.Sprintf("%s %s was set back to %q, and was %q before", c.service, c.version, one.Target, c.previous))
		}
	}
	return violations
}
