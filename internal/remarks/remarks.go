// Package remarks tells people, once, what a source found out about a change: that a version which
// was announced does not run.
package remarks

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// action is the action of journal entries about what a source remarked on a change.
const action = "remark"

// Store is what is needed of the state database.
type Store interface {
	Journal(ctx context.Context, changeKey string) ([]store.Entry, error)
	Append(ctx context.Context, e store.Entry) error
}

// Keeper tells and notes remarks. Every field is required.
type Keeper struct {
	Store   Store
	Service func(name string) rules.Service // its receivers, without asking a metric store
	Text    messages.Composer
	Send    func(ctx context.Context, rows []store.Outgoing) error // stores messages and has them sent
	Changed func(changeKey string)                                 // tells pages that a change has changed
	Now     func() time.Time
}

// Remark tells those who answer for a service what a source found out about one of its changes, and
// notes it in the change's journal. What was told of a topic is not told again, whichever replica
// finds it out.
func (k Keeper) Remark(ctx context.Context, c sources.Change, topic, text string) error {
	key := c.Key()
	entries, err := k.Store.Journal(ctx, key)
	if err != nil {
		return fmt.Errorf("reading the journal of change %s: %w", key, err)
	}
	if slices.ContainsFunc(entries, func(o store.Entry) bool { return o.Action == action && topicOf(o) == topic }) {
		return nil
	}
	detail, err := json.Marshal(remark{Topic: topic, Text: text})
	if err != nil {
		return err
	}
	m := k.Text.Remark(key, c, text, k.Now())
	if to := k.receivers(c.Service); len(to) > 0 {
		if err := k.Send(ctx, store.Messages("remark/"+key+"/"+topic, key, to, m, k.Now())); err != nil {
			return err
		}
	}
	if err := k.Store.Append(ctx, store.Entry{At: k.Now(), ChangeKey: key, Actor: "sources", Action: action, Detail: detail}); err != nil {
		return fmt.Errorf("noting a remark on change %s: %w", key, err)
	}
	k.Changed(key)
	return nil
}

// remark is the detail of a journal entry.
type remark struct {
	Topic string `json:"topic"`
	Text  string `json:"text"`
}

func topicOf(e store.Entry) string {
	var r remark
	_ = json.Unmarshal(e.Detail, &r) // what is no remark has no topic
	return r.Topic
}

// receivers are the chat of a service, else its pager, else the default receiver; none
// where there is none.
func (k Keeper) receivers(name string) []string {
	s := k.Service(name)
	for _, to := range []string{s.Chat, s.Pager, s.Default} {
		if to != "" {
			return []string{to}
		}
	}
	return nil
}
