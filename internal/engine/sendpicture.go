package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/pushback/pushback/internal/picturing"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
)

// sendTo sends a message with its picture where the receiver shows one, and else without. A picture never costs a
// message: one that cannot be painted in time is left out, one that the receiver refuses is left out at once, and
// after any other failure the next attempt goes without.
func (d *deliverer) sendTo(ctx context.Context, sender notify.Sender, o store.Outgoing) error {
	pictures, shows := sender.(notify.PictureSender)
	if !shows || o.Message.Change == "" || o.Attempts > 0 {
		return sender.Send(ctx, o.Message)
	}
	png, err := d.pictureOf(ctx, o.Message)
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

func (d *deliverer) pictureOf(ctx context.Context, m notify.Message) ([]byte, error) {
	c, err := d.Store.Change(ctx, m.Change)
	if err != nil {
		return nil, fmt.Errorf("reading the change %s for its picture: %w", m.Change, err)
	}
	return d.pictures.ForMessage(ctx, c, m.Field("rule"))
}

// Pictures makes the pictures of changes.
func (c *core) Pictures() *picturing.Keeper { return c.pictures }
