package engine

import (
	"cmp"
	"context"
	"fmt"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/trust"
)

// proposeStep notifies people, once a step, that a rule has earned it.
func (e *Engine) proposeStep(ctx context.Context, s trust.Status) error {
	to := e.catalogue.ReceiverOf(s.Rule.Team)
	if service, err := e.catalogue.Service(ctx, s.Service, e.Now()); err == nil && s.Service != store.EveryService {
		to = cmp.Or(service.Chat, service.Pager, to)
	}
	if to == "" {
		return nil // `pushback rules status` shows it all the same
	}
	m := e.text.TrustStep(messages.Step{
		Thread: fmt.Sprintf("trust/%s/%s/%s", s.Rule.Hash, s.Service, s.Next),
		Rule:   s.Rule.Name, Mode: s.Next, Service: s.Service, Named: trust.ServiceWords(s.Service), Why: s.Why,
	}, e.Now())
	wrong, fired := e.trust.Record(ctx, s.Rule.Hash)
	m = messages.WithRecord(m, wrong, fired)
	return e.send(ctx, store.Messages(m.Key, messages.RulesThread+"/"+s.Rule.Name, []string{to}, m, e.Now()))
}
