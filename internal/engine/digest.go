package engine

import (
	"context"

	"github.com/pushback/pushback/internal/store"
)

// SendMessages stores messages, and has those sent that were not stored before.
func (e *Engine) SendMessages(ctx context.Context, rows []store.Outgoing) error {
	return e.send(ctx, rows)
}
