package replica

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/pushback/pushback/internal/store"
)

// absentAfter is how long a replica may have renewed nothing until the others look at its
// watches. It is shorter than a lease: a look that two replicas take counts once, so
// nothing is lost where the replica is only slow. A replica that is lost is known within 10
// seconds, so that within 15 others have read its watches and looked at them.
const absentAfter = 4 * renewEvery

// Shares are the services whose watches one of several replicas looks at. All replicas
// compute them from the list of those that look, so none has to ask another or to lease a
// watch. A replica that joins or is lost changes no shares between the others.
//
// See adr/0105.
type Shares struct {
	self    func() string
	changed chan struct{}

	mu      sync.Mutex
	looking []string        // the replicas that look, in order; nil before this one does
	mine    map[string]bool // nil: all
}

func newShares(self func() string) *Shares {
	return &Shares{self: self, changed: make(chan struct{}, 1)}
}

// Changed is sent to when this replica's shares have changed.
func (s *Shares) Changed() <-chan struct{} { return s.changed }

// Mine reports whether this replica looks at the watches of a service.
func (s *Shares) Mine(service string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mine == nil || s.mine[store.ShareOf(service)]
}

// Names are the shares of this replica, in no order; nil for all.
func (s *Shares) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mine == nil {
		return nil
	}
	names := make([]string, 0, len(s.mine))
	for name := range s.mine {
		names = append(names, name)
	}
	return names
}

// Replicas counts the replicas that share the watches.
func (s *Shares) Replicas() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(1, len(s.looking))
}

// divide gives every share to one of the replicas that look.
func (s *Shares) divide(looking []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Equal(looking, s.looking) {
		return
	}
	s.looking, s.mine = looking, sharesOf(s.self(), looking)
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// sharesOf are the shares of one of several replicas: those for which its hash with the
// share is the highest of all. A replica that has joined takes from each of the others as
// much, and one that is lost gives to each as much.
func sharesOf(self string, looking []string) map[string]bool {
	if slices.Equal(looking, []string{self}) {
		return nil
	}
	mine := map[string]bool{}
	for _, share := range store.Shares() {
		if highest(looking, share) == self {
			mine[share] = true
		}
	}
	return mine
}

func highest(looking []string, share string) (who string) {
	most := uint64(0)
	for _, holder := range looking {
		sum := sha256.Sum256([]byte(share + holder))
		if w := binary.BigEndian.Uint64(sum[:]); w >= most {
			who, most = holder, w
		}
	}
	return who
}

// Look makes this replica one that looks at watches, and computes its shares. watches
// counts those that it looks at.
func (k *Keeper) Look(ctx context.Context, watches func() int) error {
	if !k.store.Shared() {
		return nil
	}
	k.mu.Lock()
	k.watches = watches
	k.mu.Unlock()
	if err := k.renew(ctx, 0); err != nil {
		return fmt.Errorf("beginning to look at watches: %w", err)
	}
	return k.share(ctx)
}

// StopLooking gives this replica's shares to the others. Call it when it is about to end.
func (k *Keeper) StopLooking(ctx context.Context) {
	k.mu.Lock()
	k.watches = nil
	k.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	if err := k.renew(ctx, 0); err != nil {
		k.log.Warn("cannot give the watches of this replica to the others; they take them over when its lease runs out", "error", err)
	}
}

// share computes the shares anew where this replica looks at watches.
func (k *Keeper) share(ctx context.Context) error {
	k.mu.Lock()
	looks := k.watches != nil
	k.mu.Unlock()
	if !looks {
		return nil
	}
	looking, err := k.store.Looking(ctx, absentAfter)
	if err != nil {
		return fmt.Errorf("reading which replicas look: %w", err)
	}
	k.divide(looking)
	return nil
}
