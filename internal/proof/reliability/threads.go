package reliability

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// refuseFirst makes the receiver refuse the first attempt of every third message of a daemon,
// so that messages have to be tried again.
func (r *receiver) refuseFirst(daemon string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused[daemon] = map[string]bool{}
}

// refuses reports whether a message is refused.
func (r *receiver) refuses(c call) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	refused, refusing := r.refused[c.Daemon]
	h := fnv.New32()
	_, _ = h.Write([]byte(c.ID))
	if c.rollback() || !refusing || refused[c.ID] || h.Sum32()%3 != 0 {
		return false
	}
	refused[c.ID] = true
	return true
}

// checkThreads checks that no message of a thread is tried again after a later one came: all
// attempts of one stand together. A message about everything that is bad at once is made anew
// while it waits, and is left out.
func checkThreads(calls []call) (violations []string) {
	last, tried := map[string]call{}, map[string]bool{}
	for _, c := range calls {
		if c.rollback() || strings.HasPrefix(c.About, "fleet/") {
			continue
		}
		if before := last[c.About]; tried[c.ID] && before.ID != c.ID {
			violations = append(violations, fmt.Sprintf("%s: %q was tried again after %q", c.About, c.Title, before.Title))
		}
		last[c.About], tried[c.ID] = c, true
	}
	return violations
}
