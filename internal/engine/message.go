package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/trust"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// messages are what one answered line tells: a row for each receiver, named
// after the watch, the line and the receiver, so that telling again is the
// same row.
func (e *Engine) messages(ctx context.Context, l look, a rules.Action, o *rollback.Order) ([]store.Outgoing, error) {
	ofRollout := l.bound.Rule().Respond[a.Line].On == string(detector.FailedRollout)
	if l.verdict != nil && l.verdict.Outcome == detector.Blind && !ofRollout {
		return e.blindMessages(ctx, l, a.Tell)
	}
	m := e.verdictMessage(l)
	var err error
	if m.Action, err = e.intention(ctx, l, a, o); err != nil {
		return nil, err
	}
	return e.grouped(ctx, e.outgoing(fmt.Sprintf("%s/%d", l.watch.ID, a.Line), l.change.Key, a.Tell, m))
}

func (e *Engine) outgoing(id, changeKey string, receivers []string, m notify.Message) []store.Outgoing {
	var rows []store.Outgoing
	for _, r := range receivers {
		rows = append(rows, store.Outgoing{
			ID: id + "/" + r, ChangeKey: changeKey, Receiver: r, Message: m, State: store.Pending, CreatedAt: e.Now(),
		})
	}
	return rows
}

// verdictMessage says in numbers what a watch has seen.
func (e *Engine) verdictMessage(l look) notify.Message {
	m := notify.Message{
		Key: matter(l.change.Key, l.watch.Rule), Kind: kindOf(l.next), Severity: severity(l.next),
		Fields: withRunbook(fields(l.change.Change, l.watch.Rule), l.watch.Runbook), Link: e.link(l.change.Key), At: e.Now(),
	}
	if l.verdict == nil {
		m.Title = fmt.Sprintf("%s %s: %s", l.change.Service, l.change.Version, l.next.State)
		if why, known := detector.Reasons[l.next.Reason]; known {
			m.Moved = []string{why}
		}
		return m
	}
	m.Title, m.Moved = report.Headline(l.change.Change, *l.verdict), report.Moved(*l.verdict)
	if l.next.Reason == detector.Confounded {
		m.Moved = append(m.Moved, "It could as well be "+rollback.Named(l.rivals))
	}
	return m
}

// matter joins the messages of one change under one rule.
func matter(changeKey, rule string) string { return changeKey + "/" + rule }

func (e *Engine) link(changeKey string) string { return e.ExternalURL + "/changes/" + changeKey }

func fields(c sources.Change, rule string) []notify.Field {
	fs := []notify.Field{
		{Name: "service", Value: c.Service},
		{Name: "environment", Value: c.Environment},
		{Name: "region", Value: c.Region},
		{Name: "kind", Value: string(c.Kind)},
		{Name: "version", Value: c.Version},
		{Name: "rule", Value: rule},
		{Name: "by", Value: c.Actor},
	}
	kept := fs[:0]
	for _, f := range fs {
		if f.Value != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

func withRunbook(fs []notify.Field, runbook string) []notify.Field {
	if runbook == "" {
		return fs
	}
	return append(fs, notify.Field{Name: "runbook", Value: runbook})
}

func kindOf(w watch.Watch) string {
	if w.State.Open() {
		return w.Grade.String()
	}
	return string(w.State)
}

func severity(w watch.Watch) notify.Severity {
	switch {
	case w.State == watch.Healthy:
		return notify.Info
	case w.Grade == detector.Certain:
		return notify.Critical
	case w.Grade == detector.Likely:
		return notify.Error
	}
	return notify.Warning
}

// intention says what was, or would be, or must be done.
func (e *Engine) intention(ctx context.Context, l look, a rules.Action, o *rollback.Order) (string, error) {
	switch {
	case a.Rollback == nil:
		return "", nil
	case o == nil && !l.watch.Acts:
		return "Nothing is done: the change is itself a rollback, or the rule only observes.", nil
	case o == nil:
		return e.observation(ctx, l, a)
	case o.Automatic:
		return fmt.Sprintf("Rolling back to %s through hook %s.", orUnknown(o.Target), o.Hook), nil
	}
	return e.approval(*o), nil
}

// observation says what an observing rule would have done, and what would have
// kept it from it.
func (e *Engine) observation(ctx context.Context, l look, a rules.Action) (string, error) {
	s := fmt.Sprintf("Nothing is done: the rule observes. It says %s through hook %s.", a.Rollback.Written, a.Rollback.Hook)
	if l.verdict == nil {
		return s, nil
	}
	o, err := e.wish(ctx, l, a)
	if err != nil {
		return s, err
	}
	doubts, err := e.doubts(ctx, o)
	if doubts != "" {
		s += " Against it: " + doubts + "."
	}
	return s, err
}

// approval says how a person lets a proposed order go on: by command, with the
// API's token, or by a link that serves for this order alone, once.
func (e *Engine) approval(o rollback.Order) string {
	s := fmt.Sprintf("To roll back to %s through hook %s: pushback approve %s", orUnknown(o.Target), o.Hook, o.Key)
	if o.Why != "" {
		s = "Against it: " + o.Why + ". " + s
	}
	if e.ExternalURL != "" {
		s += fmt.Sprintf(", or open %s/approve?token=%s", e.link(o.Key), e.approvals.Token(o))
	}
	return s + fmt.Sprintf(" (until %s).", o.ExpiresAt.UTC().Format("15:04 MST"))
}

func orUnknown(version string) string {
	if version == "" {
		return "an unknown version"
	}
	return version
}

// orderMessages say how an order ended, to those who heard that it was made.
func (e *Engine) orderMessages(o rollback.Order) []store.Outgoing {
	m := notify.Message{
		Key: matter(o.Key, o.Rule), Kind: "order", Severity: notify.Critical,
		Title:  fmt.Sprintf("%s %s: %s", o.Change.Service, o.Change.Version, outcome(o)),
		Action: o.Why, Link: e.link(o.Key), At: e.Now(),
		Fields: append(fields(o.Change, o.Rule),
			notify.Field{Name: "hook", Value: o.Hook}, notify.Field{Name: "target", Value: o.Target}),
	}
	if o.Actor != "" {
		m.Fields = append(m.Fields, notify.Field{Name: "decided by", Value: o.Actor})
	}
	if o.State == rollback.Proposed {
		m.Action = e.approval(o)
	}
	if o.State == rollback.Done || o.State == rollback.Approved {
		m.Severity = notify.Error // still a regression, but people need not act
	}
	return e.outgoing("order/"+o.Key+"/"+string(o.State), o.Key, o.Tell, m)
}

// outcome is how an order stands, in words.
func outcome(o rollback.Order) string {
	switch o.State {
	case rollback.Done:
		return "rolled back to " + o.Target
	case rollback.Failed:
		return "rollback to " + o.Target + " FAILED"
	case rollback.Unknown:
		return "rollback to " + o.Target + ": OUTCOME UNKNOWN, nobody can tell whether the hook ran"
	case rollback.Refused:
		return "not rolled back"
	case rollback.Approved:
		return "rollback to " + o.Target + " approved"
	case rollback.Proposed:
		return "rollback to " + o.Target + " waits for a person"
	}
	return "rollback " + string(o.State)
}

// ended are the messages of a watch's end: a healthy end resolves what was
// said before, of this change and of the one it put right.
func (e *Engine) ended(ctx context.Context, l look) ([]store.Outgoing, error) {
	switch {
	case l.next.State == watch.Regressed && !l.watch.After.IsZero():
		return e.unhelped(ctx, l)
	case !l.watch.After.IsZero() && (l.next.State == watch.Inconclusive || l.next.State == watch.Blind):
		return e.unclear(ctx, l)
	case l.next.State != watch.Healthy:
		return nil, nil
	}
	rows, err := e.resolved(ctx, l, l.change.Key)
	if err != nil {
		return nil, err
	}
	p, known, err := e.Store.Predecessor(ctx, l.change)
	if err != nil {
		return nil, fmt.Errorf("finding the predecessor: %w", err)
	}
	if known {
		before, err := e.resolved(ctx, l, p.Key)
		if err != nil {
			return nil, err
		}
		rows = append(rows, before...)
	}
	return rows, nil
}

// resolved ends the matter of one change, for every receiver who heard of it.
func (e *Engine) resolved(ctx context.Context, l look, changeKey string) ([]store.Outgoing, error) {
	key := matter(changeKey, l.watch.Rule)
	receivers, err := e.told(ctx, changeKey, key)
	if err != nil {
		return nil, err
	}
	m := e.verdictMessage(l)
	m.Key, m.Kind, m.Resolved, m.EndsAt = key, "resolved", true, e.Now()
	if !l.watch.After.IsZero() {
		m.Title = fmt.Sprintf("%s in %s: well again since %s was rolled back", l.change.Service, l.change.Environment, l.change.Version)
	}
	return e.outgoing("resolved/"+key, changeKey, receivers, m), nil
}

// told are the receivers who heard of a matter and not of its end.
func (e *Engine) told(ctx context.Context, changeKey, key string) ([]string, error) {
	rows, err := e.Store.OutgoingOf(ctx, changeKey)
	if err != nil {
		return nil, fmt.Errorf("reading what was told: %w", err)
	}
	open := map[string]bool{}
	for _, o := range rows {
		if o.Message.Key == key {
			open[o.Receiver] = !o.Message.Resolved
		}
	}
	maps.DeleteFunc(open, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(open)), nil
}

// proposeStep tells people, once a step, that a rule has earned it.
func (e *Engine) proposeStep(ctx context.Context, s trust.Status) error {
	to := e.catalogue.ReceiverOf(s.Rule.Team)
	if service, err := e.catalogue.Service(ctx, s.Service, e.Now()); err == nil && s.Service != store.EveryService {
		to = cmp.Or(service.Chat, service.Pager, to)
	}
	if to == "" {
		return nil // `pushback rules status` shows it all the same
	}
	key := fmt.Sprintf("trust/%s/%s/%s", s.Rule.Hash, s.Service, s.Next)
	m := notify.Message{
		Key: key, Kind: "trust", Severity: notify.Info, At: e.Now(), Link: e.ExternalURL,
		Title:  fmt.Sprintf("rule %s has earned to %s for %s", s.Rule.Name, s.Next, trust.ServiceWords(s.Service)),
		Moved:  []string{s.Why},
		Action: fmt.Sprintf("To let it: pushback rules promote %s --service '%s'", s.Rule.Name, s.Service),
		Fields: []notify.Field{{Name: "rule", Value: s.Rule.Name}},
	}
	return e.put(ctx, e.outgoing(key, rulesKey+"/"+s.Rule.Name, []string{to}, m))
}
