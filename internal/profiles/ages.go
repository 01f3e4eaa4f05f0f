package profiles

import "time"

// noteWanted is noteLearned for what a pass finds: only rules say what is wanted.
func (k *Keeper) noteWanted(l Request, learned time.Time) {
	if l.asked.IsZero() {
		k.noteLearned(l.name, learned)
	}
}

// noteLearned remembers when a profile was learned, for /metrics.
func (k *Keeper) noteLearned(name string, learned time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.learnedAt) >= maxNames {
		clear(k.learnedAt)
	}
	k.learnedAt[name] = learned
}

// maxNames bounds the memory of noteLearned.
const maxNames = 100_000

// Ages returns how many profiles the rules want, how many of those were never
// learned, and the age of the oldest one.
func (k *Keeper) Ages() (wanted, missing int, oldest time.Duration) {
	now := k.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, learned := range k.learnedAt {
		if learned.IsZero() {
			missing++
		} else {
			oldest = max(oldest, now.Sub(learned))
		}
	}
	return len(k.learnedAt), missing, oldest
}
