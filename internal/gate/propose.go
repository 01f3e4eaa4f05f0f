package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// Proposal says what came of a proposal to roll a change back.
type Proposal struct {
	Order    *rollback.Order // the order of a rule; nil: there is none, so that nothing can be approved
	Notified []string        // the receivers that are asked to look
}

// proposed is the action of the journal entry about a proposal.
const proposed = "propose"

// Propose asks people to roll a change back, in the name of actor, who may be a program. It never
// acts: an order needs the verdict of a rule, which is what its hook, its target and its guards
// come from. Where a rule has made an order, a person can approve that, and nobody is told again.
// Its error wraps store.ErrConflict where the change was proposed already.
//
// See adr/0127.
func (k *Keeper) Propose(ctx context.Context, key, actor, why string) (Proposal, error) {
	c, err := k.o.Store.Change(ctx, key)
	if err != nil {
		return Proposal{}, fmt.Errorf("change %s: %w", key, err)
	}
	o, err := k.o.Situation.Order(ctx, key)
	if err != nil {
		return Proposal{}, err
	}
	if err := k.checkUnproposed(ctx, key); err != nil {
		return Proposal{}, err
	}
	answer := Proposal{Order: o}
	var rows []store.Outgoing
	if o == nil {
		p := messages.Proposal{Key: key, Change: c.Change, Actor: actor, Why: why, At: k.o.Now()}
		if answer.Notified, rows, err = k.storeQuestion(ctx, p); err != nil {
			return Proposal{}, err
		}
	}
	// The entry comes last: until it is there, the same proposal may be made again, and its
	// messages are the same messages.
	if err := k.noteProposal(ctx, key, actor, why); err != nil {
		return Proposal{}, err
	}
	k.o.Deliver(ctx, rows)
	k.o.Changed(key)
	return answer, nil
}

// checkUnproposed refuses a second proposal for a change: an agent may try again and again.
func (k *Keeper) checkUnproposed(ctx context.Context, key string) error {
	entries, err := k.o.Store.Journal(ctx, key)
	if err != nil {
		return fmt.Errorf("reading what was proposed: %w", err)
	}
	if slices.ContainsFunc(entries, func(e store.Entry) bool { return e.Action == proposed }) {
		return fmt.Errorf("a rollback of %s was proposed already: %w", key, store.ErrConflict)
	}
	return nil
}

// noteProposal writes a proposal into the journal.
func (k *Keeper) noteProposal(ctx context.Context, key, actor, why string) error {
	detail, err := json.Marshal(map[string]string{"why": why})
	if err != nil {
		return fmt.Errorf("recording the proposal: %w", err)
	}
	return k.o.Store.Append(ctx, store.Entry{At: k.o.Now(), ChangeKey: key, Actor: actor, Action: proposed, Detail: detail})
}

// storeQuestion stores a message for whoever was told of the change, or else for the default
// receiver.
func (k *Keeper) storeQuestion(ctx context.Context, p messages.Proposal) (receivers []string, rows []store.Outgoing, err error) {
	sent, err := k.o.Store.OutgoingOf(ctx, p.Key)
	if err != nil {
		return nil, nil, fmt.Errorf("reading who was told of the change: %w", err)
	}
	receivers = store.ReceiversSince(sent, p.Change.StartedAt)
	if name := k.o.Catalogue.DefaultReceiver(); len(receivers) == 0 && name != "" {
		receivers = []string{name}
	}
	rows = store.Messages(p.Thread(), p.Key, receivers, k.o.Text.Proposed(p), p.At)
	for _, row := range rows {
		if _, err := k.o.Store.PutOutgoing(ctx, row); err != nil {
			return nil, nil, fmt.Errorf("storing the message about the proposal: %w", err)
		}
	}
	return receivers, rows, nil
}
