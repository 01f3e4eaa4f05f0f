package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

// Collect composes a collecting message once it has collected for long enough, and says
// how long that still takes. The first message of a hold is its page. Later ones are sent
// only where they have news.
func (b *Breaker) Collect(ctx context.Context, o store.Outgoing) (wait time.Duration, err error) {
	rows, err := b.o.Store.OutgoingOf(ctx, o.ChangeKey)
	if err != nil {
		return 0, fmt.Errorf("reading the messages of %s: %w", o.ChangeKey, err)
	}
	mine := slices.DeleteFunc(rows, func(r store.Outgoing) bool { return r.Receiver != o.Receiver })
	first := len(mine) == 0 || mine[0].ID == o.ID
	until := o.CreatedAt.Add(moreAfter)
	if first {
		until = o.CreatedAt.Add(pageAfter)
	}
	if wait := until.Sub(b.o.Now()); wait > 0 {
		return min(wait, waitMost), nil
	}
	_, err = b.o.Store.CloseCollecting(ctx, o.ID, func(of store.Outgoing, folded []store.Outgoing) (notify.Message, bool) {
		return b.compose(of, folded, first)
	})
	return 0, err
}

// compose makes the message of what was folded: on a page every change, and later only
// those that no earlier message named, and the rollbacks that came to nothing.
func (b *Breaker) compose(of store.Outgoing, folded []store.Outgoing, first bool) (notify.Message, bool) {
	var changes, ended []string
	named := map[string]bool{}
	for _, o := range folded {
		if o.GroupedIn != of.ID {
			named[o.ChangeKey] = true
		}
	}
	for _, o := range folded {
		switch {
		case o.GroupedIn != of.ID:
		case !first && cameToNothing(o):
			ended = append(ended, messages.Blamed(o.Message))
		case !named[o.ChangeKey]:
			named[o.ChangeKey] = true
			changes = append(changes, messages.Blamed(loudest(folded, o)))
		}
	}
	slices.Sort(changes)
	slices.Sort(ended)
	if first {
		return b.o.Text.FleetPage(of.Message, changes), true
	}
	return b.o.Text.FleetNews(of.Message, changes, ended, b.o.Now()), len(changes)+len(ended) > 0
}

func isOrder(o store.Outgoing) bool { return o.Message.Kind == "order" }

// cameToNothing reports whether a message says that an order has ended without having
// been sent. The message's row is named after the state.
func cameToNothing(o store.Outgoing) bool {
	return isOrder(o) && slices.ContainsFunc([]rollback.State{rollback.Refused, rollback.Expired}, func(s rollback.State) bool {
		return strings.Contains(o.ID, "/"+string(s)+"/")
	})
}

// loudest is the message of a change that says what is bad with the most certainty. What
// is done about it names no numbers, and comes last.
func loudest(folded []store.Outgoing, of store.Outgoing) notify.Message {
	best := of
	for _, o := range folded {
		if o.ChangeKey == of.ChangeKey && rank(o) >= rank(best) {
			best = o
		}
	}
	return best.Message
}

func rank(o store.Outgoing) int {
	if isOrder(o) {
		return -1
	}
	return slices.Index([]notify.Severity{notify.Info, notify.Warning, notify.Error, notify.Critical}, o.Message.Severity)
}
