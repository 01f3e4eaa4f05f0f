package picturing

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/picture"
	"github.com/pushback/pushback/internal/store"
)

// paintTimeout is how long a message waits for its picture, which takes some ten milliseconds.
const paintTimeout = 2 * time.Second

// KeyStore is what a Keeper reads, and keeps the key in that signs the addresses of its pictures.
type KeyStore interface {
	Store
	Secret(ctx context.Context, name string, fresh []byte) ([]byte, error)
}

// Open makes a Keeper with the key that signs the addresses of pictures. Every replica has the same.
func Open(ctx context.Context, s KeyStore) (*Keeper, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails
	key, err := s.Secret(ctx, "picture", fresh)
	if err != nil {
		return nil, fmt.Errorf("preparing the addresses of pictures: %w", err)
	}
	return New(s, key), nil
}

// ForMessage paints the picture of what a message about a change and a rule is about: the newest look of the rule,
// which after a rollback is that of the watch which asks whether it helped. It returns in time also where painting
// does not.
func (k *Keeper) ForMessage(ctx context.Context, c store.Change, rule string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, paintTimeout)
	defer cancel()
	type painted struct {
		png []byte
		err error
	}
	done := make(chan painted, 1)
	go func() {
		png, err := k.paintNewest(ctx, c, rule)
		done <- painted{png, err}
	}()
	select {
	case p := <-done:
		return p.png, p.err
	case <-ctx.Done():
		return nil, fmt.Errorf("painting takes longer than %s: %w", paintTimeout, ctx.Err())
	}
}

func (k *Keeper) paintNewest(ctx context.Context, c store.Change, rule string) ([]byte, error) {
	look, err := k.Find(ctx, c, Which{Rule: rule, Of: Newest})
	if err != nil {
		return nil, err
	}
	return k.Paint(ctx, look, picture.Choice{}, PNG)
}
