package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/picture"
	"github.com/pushback/pushback/internal/picturing"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
)

// paintTimeout is how long a message waits for its picture, which takes some ten milliseconds.
const paintTimeout = 2 * time.Second

// sendTo sends a message with its picture where the receiver shows one, and else without. A picture never costs a
// message: one that cannot be painted in time is left out, one that the receiver refuses is left out at once, and
// after any other failure the next attempt goes without.
func (d *deliverer) sendTo(ctx context.Context, sender notify.Sender, o store.Outgoing) error {
	pictures, shows := sender.(notify.PictureSender)
	if !shows || o.Message.Change == "" || o.Attempts > 0 {
		return sender.Send(ctx, o.Message)
	}
	png, err := d.paint(ctx, o.Message)
	if err != nil {
		d.Log.Warn("cannot make the picture of a message; sending it without", "message", o.ID, "receiver", o.Receiver, "error", err)
		return sender.Send(ctx, o.Message)
	}
	err = pictures.SendPicture(ctx, o.Message, png)
	if errors.Is(err, notify.ErrPermanent) {
		d.Log.Warn("the receiver refuses a message with its picture; sending it without", "message", o.ID, "receiver", o.Receiver, "error", err)
		return sender.Send(ctx, o.Message)
	}
	return err
}

// paint makes the picture of what a message is about: the newest look of its rule, which after a rollback is that of the
// watch which asks whether it helped. It returns in time also where painting does not.
func (d *deliverer) paint(ctx context.Context, m notify.Message) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, paintTimeout)
	defer cancel()
	type painted struct {
		png []byte
		err error
	}
	done := make(chan painted, 1)
	go func() {
		png, err := d.pictureOf(ctx, m)
		done <- painted{png, err}
	}()
	select {
	case p := <-done:
		return p.png, p.err
	case <-ctx.Done():
		return nil, fmt.Errorf("painting takes longer than %s: %w", paintTimeout, ctx.Err())
	}
}

func (d *deliverer) pictureOf(ctx context.Context, m notify.Message) ([]byte, error) {
	c, err := d.Store.Change(ctx, m.Change)
	if err != nil {
		return nil, fmt.Errorf("reading the change %s for its picture: %w", m.Change, err)
	}
	look, err := d.pictures.Find(ctx, c, picturing.Which{Rule: m.Field("rule"), Of: picturing.Newest})
	if err != nil {
		return nil, err
	}
	return d.pictures.Paint(ctx, look, picture.Choice{}, picturing.PNG)
}

// newPictures makes what paints pictures, with the key that signs their addresses. Every replica has the same.
func newPictures(o Options) (*picturing.Keeper, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails
	key, err := o.Store.Secret(context.Background(), "picture", fresh)
	if err != nil {
		return nil, fmt.Errorf("preparing the addresses of pictures: %w", err)
	}
	return picturing.New(o.Store, key), nil
}

// Pictures makes the pictures of changes.
func (c *core) Pictures() *picturing.Keeper { return c.pictures }
