package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rules"
)

// rulesKey joins the messages about the rules folder.
const rulesKey = "rules"

// mostMistakes is how many mistakes one message shows.
const mostMistakes = 10

// rulesBroken tells the owners of the broken files, once each way of being
// broken since they were good.
func (e *Engine) rulesBroken(ctx context.Context) error {
	good, since, broken := e.rules.standing()
	m := notify.Message{
		Key: rulesKey, Kind: "rules", Severity: notify.Warning, At: e.Now(), Link: e.ExternalURL,
		Title:  fmt.Sprintf("the rules are broken (mistakes: %d): what was edited is not in force", len(broken)),
		Action: "The last good rules go on. `pushback rules check` shows every mistake.",
	}
	for _, d := range broken[:min(len(broken), mostMistakes)] {
		m.Moved = append(m.Moved, d.String())
	}
	return e.put(ctx, e.outgoing(fmt.Sprintf("rules/%d/%s", since.Unix(), digestOf(broken)), rulesKey, e.ownersOf(good, broken), m))
}

// rulesMended ends the matter for everybody who heard of it.
func (e *Engine) rulesMended(ctx context.Context) error {
	receivers, err := e.told(ctx, rulesKey, rulesKey)
	if err != nil || len(receivers) == 0 {
		return err
	}
	now := e.Now()
	m := notify.Message{
		Key: rulesKey, Kind: "resolved", Severity: notify.Info, Resolved: true, At: now, EndsAt: now, Link: e.ExternalURL,
		Title: fmt.Sprintf("the rules are well again and in force: %d", e.rules.set().Len()),
	}
	return e.put(ctx, e.outgoing(fmt.Sprintf("rules/resolved/%d", now.UnixMicro()), rulesKey, receivers, m))
}

// put stores messages and has them sent.
func (e *Engine) put(ctx context.Context, rows []store.Outgoing) error {
	for _, row := range rows {
		created, err := e.Store.PutOutgoing(ctx, row)
		if err != nil {
			return fmt.Errorf("writing down a message: %w", err)
		}
		if created {
			e.enqueue(ctx, messageJob{ID: row.ID, Boot: e.boot})
		}
	}
	return nil
}

func digestOf(broken []rules.Diagnostic) string {
	sum := sha256.New()
	for _, d := range broken {
		fmt.Fprintln(sum, d)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// ownersOf are the receivers of the teams whose files are broken, as far as
// the last good rules and the catalogue know them. Where a team has none, or a
// file is new, it is for those who answer for what nobody owns.
func (e *Engine) ownersOf(good *rules.Set, broken []rules.Diagnostic) []string {
	teams := map[string]string{}
	for _, r := range good.Rules() {
		teams[r.File] = r.Team
	}
	var receivers []string
	for _, d := range broken {
		receivers = append(receivers, e.catalogue.ReceiverOf(teams[d.File]))
	}
	slices.Sort(receivers)
	return slices.DeleteFunc(slices.Compact(receivers), func(r string) bool { return r == "" })
}
