package profiles

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// Whoever asks for the same numbers shares a profile, for example every service under a query
// that does not select one. A shape of good deploys belongs to one service. So a service
// with enough good deploys to have a shape has profiles of its own, and a shared profile is
// never learned with that many.
//
// See adr/0058.

// choose names the profile that a request asks for, after the good changes it is learned with.
func (k *Keeper) choose(ctx context.Context, l Request) (Request, error) {
	var err error
	l.good, err = k.Store.GoodChanges(ctx, l.service, l.environment, l.end.Add(-l.span), l.end)
	if err != nil {
		return l, fmt.Errorf("reading good changes: %w", err)
	}
	l.other = ownName(l)
	if hasShape(l.good) {
		l.name, l.other = l.other, l.name
	}
	return l, nil
}

func hasShape(good []sources.Change) bool { return len(good) >= detector.ShapeExamples }

// ownName is the name of a profile that belongs to one service and environment.
func ownName(l Request) string {
	return digest([]byte(strings.Join([]string{l.name, l.service, l.environment}, "\x00")))
}

// newest is the newest profile of a request. Until one is learned under the name that it asks
// for, the other serves without its shape, which may be of another service.
func (k *Keeper) newest(ctx context.Context, l Request) (p found, err error) {
	p.Profile, p.hash, p.learned, err = k.Store.NewestProfile(ctx, l.name)
	if !errors.Is(err, store.ErrNotFound) {
		return p, err
	}
	p.Profile, p.hash, p.learned, err = k.Store.NewestProfile(ctx, l.other)
	p.Profile, p.withoutShape = p.WithoutShape(), true
	return p, err
}

// bindingKey identifies one rule bound to one service. A site rule is bound to none, and has
// only the profiles of services with shapes of their own.
func (k *Keeper) bindingKey(ctx context.Context, r rules.Rule, c sources.Change) (string, error) {
	if r.Site {
		good, err := k.Store.GoodChanges(ctx, c.Service, c.Environment, k.Now().Add(-r.History), k.Now())
		if err != nil {
			return "", fmt.Errorf("reading good changes: %w", err)
		}
		if !hasShape(good) {
			c.Service = ""
		}
	}
	return strings.Join([]string{r.Name, c.Service, c.Environment, c.Region}, "\x00"), nil
}

// replaces forgets the other name of a profile, unless this pass has used it, so that its age
// is not reported as that of a profile somebody wants.
func (p *pass) replaces(l Request) {
	if p.done[l.other] {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.learnedAt, l.other)
}
