package slackbot

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/slack-go/slack"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
)

// refusals are the answers that refuse the message itself. All others can be repaired by the operator, such as
// channel_not_found, or pass.
var refusals = []string{
	"msg_too_long", "msg_blocks_too_long", "no_text", "invalid_blocks", "invalid_blocks_format", "too_many_attachments",
	"metadata_too_large", "invalid_metadata_format", "invalid_metadata_schema", "markdown_text_conflict",
}

// hints say what to do about the answers that setting up an app leads to.
var hints = map[string]string{
	"not_in_channel":    "invite the app to the channel",
	"channel_not_found": "is it the channel's ID, and is the app a member?",
	"missing_scope":     "add the scopes to the app and install it again: docs/receivers.md",
	"is_archived":       "the channel is archived",
	"invalid_auth":      "is the token the bot's, and the app still installed?",
}

// failure sorts an error of the library as a Sender's. It has no secret and no URL.
func (c call) failure(doing string, err error) error {
	if err == nil {
		return nil
	}
	var status slack.StatusCodeError
	var limited *slack.RateLimitedError
	var refused slack.SlackErrorResponse
	var unsent *outbound.Failure
	switch {
	case errors.As(err, &limited):
		return &notify.RetryAfter{After: limited.RetryAfter, Err: fmt.Errorf("%s in slack: %s", doing, http.StatusText(http.StatusTooManyRequests))}
	case errors.As(err, &status):
		return notify.StatusError(status.Code, c.last.after, fmt.Errorf("%s in slack: it answered %s", doing, outbound.Redact(status.Status, c.secrets...)))
	case errors.As(err, &refused):
		return c.refusal(doing, refused)
	case errors.As(err, &unsent):
		return fmt.Errorf("%s in slack: %w", doing, unsent)
	}
	return fmt.Errorf("%s in slack: its answer cannot be read", doing)
}

func (c call) refusal(doing string, r slack.SlackErrorResponse) error {
	text := notify.Truncate(outbound.Redact(r.Err, c.secrets...), 100)
	if r.Needed != "" {
		text += ", needed " + notify.Truncate(outbound.Redact(r.Needed, c.secrets...), 100)
	}
	if hint := hints[r.Err]; hint != "" {
		text += " (" + hint + ")"
	}
	err := fmt.Errorf("%s in slack: it answered %s", doing, text)
	if slices.Contains(refusals, r.Err) {
		return fmt.Errorf("%w: %w", notify.ErrPermanent, err)
	}
	return err
}
