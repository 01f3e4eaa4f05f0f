package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/reconcile"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// missedAction is the journal's word for an event that no delivery brought.
const missedAction = "missed_delivery"

// TellMissed writes lost deliveries into the journals of their changes, and tells the operators'
// default receiver once.
func (e *Engine) TellMissed(ctx context.Context, f reconcile.Found) error {
	var all []error
	var events []sources.Event
	for _, s := range f.Events {
		events = append(events, s.Event)
		detail, err := json.Marshal(map[string]any{"source": f.Source, "event": s.Event.EventID, "status": s.Event.Status, "at": s.Event.At})
		if err == nil {
			err = e.Store.Append(ctx, store.Entry{At: f.At, ChangeKey: s.ChangeKey, Actor: "pushback", Action: missedAction, Detail: detail})
		}
		all = append(all, err)
	}
	if receiver := e.catalogue.DefaultReceiver(); receiver != "" {
		thread := messages.SourceThread(f.Source)
		id := fmt.Sprintf("%s/%d", thread, f.At.UnixMicro())
		all = append(all, e.send(ctx, store.Messages(id, thread, []string{receiver}, e.text.Missed(f.Source, events, f.At), e.Now())))
	}
	return errors.Join(all...)
}

// SharedNow is the time on which replicas that share the database agree.
func (e *Engine) SharedNow(ctx context.Context) (time.Time, error) { return e.scheduler.sharedNow(ctx) }
