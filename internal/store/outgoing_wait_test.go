package store

import (
	"testing"
	"time"
)

// An escalation is to be sent and holds no later message up, and leaves its state once.
func messagesWait(t *testing.T, s *Store) {
	ctx := t.Context()
	for i, state := range []string{Waiting, Pending} {
		created, err := s.PutOutgoing(ctx, Outgoing{ID: state, ChangeKey: "k", Receiver: "lead", State: state, CreatedAt: at(i)})
		must(t, true, "put")(created, err)
	}
	later, err := s.Outgoing(ctx, Pending)
	if err != nil {
		t.Fatal(err)
	}
	must(t, false, "held up")(s.EarlierPending(ctx, later))
	if all, err := s.PendingOutgoing(ctx); err != nil || len(all) != 2 {
		t.Errorf("%d messages are to be sent, %v", len(all), err)
	}
	must(t, true, "lease")(s.LeaseOutgoing(ctx, Waiting, time.Minute))
	must(t, false, "an attempt")(s.FinishOutgoing(ctx, Waiting, Sent, "", at(2)))
	must(t, true, "spared")(s.MoveOutgoing(ctx, Waiting, Waiting, Spared))
	must(t, false, "sent after that")(s.MoveOutgoing(ctx, Waiting, Waiting, Pending))
	if all, err := s.PendingOutgoing(ctx); err != nil || len(all) != 1 {
		t.Errorf("%d messages are to be sent, %v", len(all), err)
	}
}
