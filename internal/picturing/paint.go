package picturing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/pushback/pushback/internal/picture"
)

// Format is how a picture is written.
type Format int

// The formats.
const (
	PNG Format = iota
	SVG
)

// MediaType is that of the format.
func (f Format) MediaType() string {
	if f == SVG {
		return "image/svg+xml"
	}
	return "image/png"
}

// Painting a picture takes 10 to 30 ms of one processor. So few are painted at once, whoever asks, and so many of the
// last ones are remembered: about 2 MB.
const (
	atOnce     = 2
	remembered = 64
)

// Keeper makes pictures. It is safe for concurrent use.
type Keeper struct {
	store    Store
	key      LinkKey
	painting chan struct{}

	mu    sync.Mutex
	kept  map[string][]byte // by their tags
	order []string          // of kept, the oldest first
}

// New makes a Keeper. Without a key, no address that it has not signed can be right, and it signs none.
func New(s Store, key LinkKey) *Keeper {
	return &Keeper{store: s, key: key, painting: make(chan struct{}, atOnce), kept: map[string][]byte{}}
}

// Key signs the addresses of pictures.
func (k *Keeper) Key() LinkKey { return k.key }

// Tag names a picture: two that differ have different tags. It costs no painting.
func (l Look) Tag(c picture.Choice, f Format) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%t\x00%s\x00%d\x00%d\x00%d\x00%+v\x00%d\x00%d",
		l.id, l.seq, l.Open, l.Order, l.SentAt.UnixNano(), l.Change.StartedAt.UnixNano(), l.Change.FinishedAt.UnixNano(), c, f, picture.Revision))
	return hex.EncodeToString(sum[:12])
}

// Paint paints a look. Its errors are those of picture.Draw, and that of ctx while it waits for its turn.
func (k *Keeper) Paint(ctx context.Context, l Look, c picture.Choice, f Format) ([]byte, error) {
	tag := l.Tag(c, f)
	if known, ok := k.known(tag); ok {
		return known, nil
	}
	select {
	case k.painting <- struct{}{}:
		defer func() { <-k.painting }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to paint a picture: %w", ctx.Err())
	}
	if known, ok := k.known(tag); ok {
		return known, nil
	}
	d, err := picture.Draw(l.Subject, c)
	if err != nil {
		return nil, err
	}
	painted := d.SVG()
	if f == PNG {
		if painted, err = d.PNG(); err != nil {
			return nil, err
		}
	}
	k.remember(tag, painted)
	return painted, nil
}

func (k *Keeper) known(tag string) ([]byte, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	known, ok := k.kept[tag]
	return known, ok
}

func (k *Keeper) remember(tag string, painted []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.order) == remembered {
		delete(k.kept, k.order[0])
		k.order = k.order[1:]
	}
	k.kept[tag], k.order = painted, append(k.order, tag)
}
