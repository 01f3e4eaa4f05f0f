package slackbot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/slack-go/slack"

	"github.com/pushback/pushback/notify"
)

// SendPicture posts the message, and then the picture in its thread. A picture that Slack refuses leaves the message
// where it is: the error says so.
func (s *Sender) SendPicture(ctx context.Context, m notify.Message, png []byte) error {
	p := newPost(m, s.config.hears())
	t, err := s.deliver(ctx, p)
	name := "pushback-" + p.mark.Message + ".png"
	if err != nil || !s.config.Pictures || len(png) == 0 || slices.Contains(t.files, name) {
		return err
	}
	c, err := s.open()
	if err != nil {
		return err
	}
	_, err = c.UploadFileContext(ctx, slack.UploadFileParameters{
		Reader: bytes.NewReader(png), FileSize: len(png), Filename: name, Title: "What moved", AltTxt: notify.Truncate(p.message.Title, 500),
		Channel: s.config.Channel, ThreadTimestamp: t.ts,
	})
	return c.pictureFailure(err)
}

// pictureFailure is permanent where Slack refuses pictures: the message itself has arrived.
func (c call) pictureFailure(err error) error {
	failed := c.failure("the message is posted; adding its picture", err)
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) && !errors.Is(failed, notify.ErrPermanent) && refused.Err != "ratelimited" && refused.Err != "internal_error" {
		return fmt.Errorf("%w: %w", notify.ErrPermanent, failed)
	}
	return failed
}
