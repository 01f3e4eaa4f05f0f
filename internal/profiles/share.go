package profiles

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

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

// choose names the profile that a request asks for.
func (k *Keeper) choose(ctx context.Context, l Request) (Request, error) {
	own, err := k.ownShape(ctx, l.service, l.environment, l.span, l.end)
	if err != nil {
		return l, err
	}
	return l.named(own), nil
}

// named names the profile after whether the service has a shape of its own.
func (l Request) named(own bool) Request {
	l.name = name(l.plan, l.signal, l.input)
	l.other = ownName(l)
	if own {
		l.name, l.other = l.other, l.name
	}
	return l
}

// ownShape reports whether a service has enough good deploys within a history for a shape of
// its own. The answer is kept for a minute: every look of a watch without a fresh profile asks,
// for each of its signals, and the good deploys of a service are a hundred JSON texts.
func (k *Keeper) ownShape(ctx context.Context, service, environment string, span time.Duration, end time.Time) (bool, error) {
	key := strings.Join([]string{service, environment, span.String()}, "\x00")
	if own, ok := k.shapes.get(key, k.Now()); ok {
		return own, nil
	}
	good, err := k.goodChanges(ctx, service, environment, span, end)
	if err == nil {
		k.shapes.put(key, hasShape(good), 0, k.Now())
	}
	return hasShape(good), err
}

func (k *Keeper) goodChanges(ctx context.Context, service, environment string, span time.Duration, end time.Time) ([]sources.Change, error) {
	good, err := k.Store.GoodChanges(ctx, service, environment, end.Add(-span), end)
	if err != nil {
		return nil, fmt.Errorf("reading good changes: %w", err)
	}
	return good, nil
}

func hasShape(good []sources.Change) bool { return len(good) >= detector.ShapeExamples }

// ownName is the name of a profile that belongs to one service and environment.
func ownName(l Request) string {
	return digest([]byte(strings.Join([]string{l.name, l.service, l.environment}, "\x00")))
}

// named is the profile that a name refers to.
type named struct {
	hash    string // "": none
	learned time.Time
}

// found is a profile, and how it is stored.
type found struct {
	detector.Profile
	named
	withoutShape bool   // it is stored with a shape, which is not used
	pin          string // the name that it was found by, where the watch should keep it; "": it should not
}

// newest is the newest profile of a request. Until one is learned under the name that it asks
// for, the other serves without its shape, which may be of another service.
func (k *Keeper) newest(ctx context.Context, l Request) (p found, err error) {
	p.Profile, p.named, err = k.readNamed(ctx, l.name)
	if !errors.Is(err, store.ErrNotFound) {
		return p, err
	}
	p.Profile, p.named, err = k.readNamed(ctx, l.other)
	p.Profile, p.withoutShape = p.WithoutShape(), true
	return p, err
}

// readNamed is the profile that a name refers to, or ErrNotFound.
func (k *Keeper) readNamed(ctx context.Context, name string) (detector.Profile, named, error) {
	n, ok := k.byName.get(name, k.Now())
	if !ok {
		var err error
		n.hash, n.learned, err = k.Store.NewestProfile(ctx, name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return detector.Profile{}, n, err
		}
		k.byName.put(name, n, 0, k.Now())
	}
	if n.hash == "" {
		return detector.Profile{}, n, store.ErrNotFound
	}
	p, err := k.Read(ctx, n.hash)
	if errors.Is(err, store.ErrNotFound) { // another replica has replaced it
		k.byName.drop(name)
	}
	return p, n, err
}

// bindingKey identifies one rule bound to one service. A site rule is bound to none, and has
// only the profiles of services with shapes of their own.
func (k *Keeper) bindingKey(ctx context.Context, r rules.Rule, c sources.Change) (string, error) {
	if r.Site {
		own, err := k.ownShape(ctx, c.Service, c.Environment, r.History, k.Now())
		if err != nil {
			return "", err
		}
		if !own {
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
