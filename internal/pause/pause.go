// Package pause waits, but no longer than somebody wants what is waited for.
package pause

import (
	"context"
	"time"
)

// For waits for d, and reports false where ctx ended first.
func For(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
