package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/internal/pause"
)

// An outcome is tried to be recorded for a while after the engine began to stop, and no
// longer than its jobs may take.
func TestOutlast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		longer, end := outlast(ctx, concludeGrace)
		time.Sleep(time.Hour)
		stop()
		began := time.Now()
		for tries := 1; pause.For(longer, concludeRetry); tries++ {
			if tries > 3 {
				t.Fatal("it never ends")
			}
		}
		if got := time.Since(began); got != concludeGrace {
			t.Errorf("ended %s after the engine began to stop, want %s", got, concludeGrace)
		}
		end()

		early, end := outlast(t.Context(), concludeGrace)
		end()
		if early.Err() == nil {
			t.Error("it outlives the conclusion")
		}
	})
}
