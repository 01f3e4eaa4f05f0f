package watch

import (
	"hash/fnv"
	"time"
)

// turn is the time between two turns. Watches whose turns are one ask together.
const turn = time.Second

// nextTurn is the service's next turn. All services have turns of the same length, spread evenly
// over every by a hash of their names, so that neither a store nor Pushback has all its
// work at one moment. Watches of one service look together.
func nextTurn(now time.Time, every time.Duration, service string) time.Time {
	phase := phaseOf(service, every)
	return now.Add(-phase).Truncate(every).Add(every).Add(phase)
}

func phaseOf(service string, every time.Duration) time.Duration {
	turns := uint32(every / turn)
	if turns < 2 {
		return 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(service)) // never fails
	return time.Duration(h.Sum32()%turns) * turn
}
