package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// remarkAction is the action of journal entries about what a source remarked on a change.
const remarkAction = "remark"

// Remark tells those who answer for a service what a source found out about one of its changes, and
// notes it in the change's journal. What was told of a topic is not told again, whichever replica
// finds it out.
func (e *Engine) Remark(ctx context.Context, c sources.Change, topic, text string) error {
	key := c.Key()
	entries, err := e.Store.Journal(ctx, key)
	if err != nil {
		return fmt.Errorf("reading the journal of change %s: %w", key, err)
	}
	if slices.ContainsFunc(entries, func(o store.Entry) bool { return o.Action == remarkAction && topicOf(o) == topic }) {
		return nil
	}
	detail, err := json.Marshal(remark{Topic: topic, Text: text})
	if err != nil {
		return err
	}
	m := e.text.Remark(key, c, text, e.Now())
	if to := e.receiversOfService(c.Service); len(to) > 0 {
		if err := e.send(ctx, store.Messages("remark/"+key+"/"+topic, key, to, m, e.Now())); err != nil {
			return err
		}
	}
	if err := e.Store.Append(ctx, store.Entry{At: e.Now(), ChangeKey: key, Actor: "sources", Action: remarkAction, Detail: detail}); err != nil {
		return fmt.Errorf("noting a remark on change %s: %w", key, err)
	}
	e.listeners.publish(key)
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

// receiversOfService is the chat of a service, else its pager, else the default receiver; none
// where there is none.
func (e *Engine) receiversOfService(name string) []string {
	s := e.catalogue.Configured(name)
	for _, to := range []string{s.Chat, s.Pager, s.Default} {
		if to != "" {
			return []string{to}
		}
	}
	return nil
}
