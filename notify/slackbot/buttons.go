package slackbot

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/mrkdwn"
)

const (
	maxRequest = 1 << 20 // bytes of what Slack posts; it has the whole message in it
	maxPressed = 16      // commands that are carried out at once
	carryOut   = 30 * time.Second
	maxReply   = 2900 // bytes of an answer to who has pressed
)

// Commands returns what takes the requests for the Interactivity Request URL of the app; nil where no signing secret is
// set. Slack waits for three seconds, so a command is carried out after the answer, whose text follows by the
// response URL.
func (s *Sender) Commands(answer notify.Answering) http.Handler {
	if len(s.config.SecretFiles) == 0 {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		var long *http.MaxBytesError
		switch {
		case errors.As(err, &long):
			http.Error(w, "the body is too long", http.StatusRequestEntityTooLarge)
		case err != nil:
			http.Error(w, "the body is incomplete", http.StatusBadRequest)
		case !s.verified(r.Header, body):
			http.Error(w, "the signature is missing, wrong or too old", http.StatusUnauthorized)
		default:
			s.take(w, r, body, answer)
		}
	})
}

// verified reports whether one of the secrets has signed the body, at most five minutes ago.
func (s *Sender) verified(header http.Header, body []byte) bool {
	return slices.ContainsFunc(s.config.SecretFiles, func(path string) bool {
		key, err := outbound.Secret(path)
		if err != nil {
			return false
		}
		v, err := slack.NewSecretsVerifier(header, key)
		if err != nil {
			return false
		}
		_, _ = v.Write(body) // a hash, which takes everything
		return v.Ensure() == nil
	})
}

// take answers a request that Slack has signed.
func (s *Sender) take(w http.ResponseWriter, r *http.Request, body []byte, answer notify.Answering) {
	pressed, err := parse(body)
	if err != nil {
		http.Error(w, "there is no payload that can be read", http.StatusBadRequest)
		return
	}
	if !s.start(context.WithoutCancel(r.Context()), pressed, answer) {
		http.Error(w, "too many commands are being carried out", http.StatusServiceUnavailable)
	}
}

// parse reads the payload of a form.
func parse(body []byte) (pressed slack.InteractionCallback, err error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return pressed, err
	}
	return pressed, json.Unmarshal([]byte(form.Get("payload")), &pressed)
}

// start carries out in the background what was pressed. False if there is too much to do.
func (s *Sender) start(ctx context.Context, pressed slack.InteractionCallback, answer notify.Answering) bool {
	command, is := commandOf(pressed)
	if !is {
		return true
	}
	select {
	case s.pressed <- struct{}{}:
	default:
		return false
	}
	go func() {
		defer func() { <-s.pressed }()
		ctx, cancel := context.WithTimeout(ctx, carryOut)
		defer cancel()
		_ = s.respond(ctx, pressed.ResponseURL, answer(ctx, command)) // what was done is told in the thread too
	}()
	return true
}

// commandOf is what a button asks for; false for everything else that Slack reports.
func commandOf(pressed slack.InteractionCallback) (notify.Command, bool) {
	if pressed.Type != slack.InteractionTypeBlockActions || len(pressed.ActionCallback.BlockActions) == 0 || !mrkdwn.Member.MatchString(pressed.User.ID) {
		return notify.Command{}, false
	}
	action := pressed.ActionCallback.BlockActions[0]
	name, ours := strings.CutPrefix(action.ActionID, actionPrefix)
	about, why, _ := strings.Cut(action.Value, holdBecause)
	if !ours || !slices.Contains(pressable, name) || about == "" || len(action.Value) > maxField {
		return notify.Command{}, false
	}
	args := []string{about}
	if name == hold { // people want to know why they cannot deploy
		args = append(args, cmp.Or(why, "a button in Slack was pressed"))
	}
	return notify.Command{
		Name: name, Args: args,
		From: notify.Caller{Kind: receiver, ID: pressed.User.ID, Name: notify.Truncate(pressed.User.Name, 100)},
	}, true
}

// respond tells who has pressed, and nobody else, what came of it.
func (s *Sender) respond(ctx context.Context, address, text string) error {
	if !s.slackURL(address) {
		return errors.New("the response URL is none of Slack")
	}
	body, err := json.Marshal(map[string]any{
		"response_type": "ephemeral", "replace_original": false, "text": "Pushback",
		"blocks": []slack.Block{slack.NewSectionBlock(object(notify.Plain(text), maxReply), nil, nil)},
	})
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	a, err := s.client.Post(ctx, address, bytes.TrimSpace(body), nil)
	if err == nil && !a.OK() {
		err = fmt.Errorf("slack answered %s", a.Status)
	}
	return err
}

// slackURL reports whether an address is Slack's, or that of the configured API.
func (s *Sender) slackURL(address string) bool {
	u, err := url.Parse(address)
	api, bad := url.Parse(s.config.URL)
	if err != nil || bad != nil || u.User != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	slacks := u.Scheme == "https" && (strings.HasSuffix(host, ".slack.com") || strings.HasSuffix(host, ".slack-gov.com"))
	return slacks || u.Scheme == api.Scheme && u.Host == api.Host
}
