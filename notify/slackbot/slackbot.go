// Package slackbot posts messages to a Slack channel as an app: one thread for each thread of messages, whose
// parent is updated in place and shows the newest state, with the later messages as replies. A message that asks for
// a decision has buttons, which Slack reports by HTTP (secret_files) or by socket mode (app_token_file).
//
// Every text from outside is an element of a rich text or a plain_text object, in which Slack looks for no markup,
// no mention and no link.
//
// What was posted before is looked up in the channel by the metadata of its messages, so that a restart, another
// replica and a lost answer post nothing twice. See adr/0134.
//
// The app needs the bot scopes chat:write, channels:history (groups:history in a private channel), files:write
// and files:read for pictures, and must be a member of the channel.
//
// See https://docs.slack.dev/reference/methods/chat.postMessage and https://docs.slack.dev/messaging/message-metadata.
package slackbot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/config"
	"github.com/slack-go/slack"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
)

const (
	// DefaultURL is the address of Slack's API.
	DefaultURL = "https://slack.com/api"

	receiver = "slack"

	// maxAnswer is enough for a page of two hundred messages with their blocks.
	maxAnswer = 8 << 20
)

// Config is a receiver of kind slack_bot in pushback.yml.
type Config struct {
	TokenFile    string                  `yaml:"token_file"`     // a file with the bot's token, xoxb-…
	Channel      string                  `yaml:"channel"`        // the channel's ID, C0123456789
	SecretFiles  []string                `yaml:"secret_files"`   // files with the app's signing secret, by which Slack signs what is pressed; several while it changes
	AppTokenFile string                  `yaml:"app_token_file"` // or a file with an app-level token, xapp-…, to hear it by socket mode
	Pictures     bool                    `yaml:"pictures"`       // plots follow in the thread
	URL          string                  `yaml:"url"`            // "": DefaultURL
	HTTP         config.HTTPClientConfig `yaml:"http"`
}

// SetDefaults shows pictures.
func (c *Config) SetDefaults() { c.Pictures = true }

// SetDirectory resolves relative file names against dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile, c.AppTokenFile = config.JoinDir(dir, c.TokenFile), config.JoinDir(dir, c.AppTokenFile)
	for i, path := range c.SecretFiles {
		c.SecretFiles[i] = config.JoinDir(dir, path)
	}
	c.HTTP.SetDirectory(dir)
}

// hears says whether the settings have a way by which Slack reports what people press.
func (c Config) hears() bool { return len(c.SecretFiles) > 0 || c.AppTokenFile != "" }

// channelID matches the ID of a channel or group. Names are refused, because history and files are
// read and written by the ID alone.
var channelID = regexp.MustCompile(`^[CG][A-Z0-9]{2,30}$`)

// Sender posts to one channel. It is safe for concurrent use.
type Sender struct {
	config  Config
	client  *outbound.Client
	threads threads
	pressed chan struct{} // has a place for each command that is being carried out
	trouble atomic.Value  // a string: why nothing is heard
	now     func() time.Time
}

// New checks the configuration, the secrets in its files included.
func New(c Config) (*Sender, error) {
	if c.URL == "" {
		c.URL = DefaultURL
	}
	c.URL = strings.TrimRight(c.URL, "/") + "/"
	if err := c.check(); err != nil {
		return nil, err
	}
	client, err := outbound.New(c.HTTP)
	if err != nil {
		return nil, err
	}
	return &Sender{config: c, client: client, pressed: make(chan struct{}, maxPressed), now: time.Now}, nil
}

func (c Config) check() error {
	var errs []error
	if err := outbound.CheckURL(c.URL); err != nil {
		errs = append(errs, err)
	}
	if !channelID.MatchString(c.Channel) {
		errs = append(errs, errors.New("channel must be the ID of a channel, such as C0123456789: Slack shows it at the end of the channel's details"))
	}
	if c.TokenFile == "" {
		errs = append(errs, errors.New("token_file is missing: a file that holds the token of the bot, xoxb-…"))
	} else if _, err := token(c.TokenFile, "xoxb-"); err != nil {
		errs = append(errs, fmt.Errorf("token_file: %w", err))
	}
	return errors.Join(append(errs, c.checkHearing()...)...)
}

func (c Config) checkHearing() (errs []error) {
	if len(c.SecretFiles) > 0 && c.AppTokenFile != "" {
		errs = append(errs, errors.New("app_token_file stands beside secret_files: Slack reports what is pressed by socket mode or by HTTP, never by both"))
	}
	for i, path := range c.SecretFiles {
		if _, err := outbound.Secret(path); err != nil {
			errs = append(errs, fmt.Errorf("secret_files[%d]: %w", i, err))
		}
	}
	if c.AppTokenFile != "" {
		if _, err := token(c.AppTokenFile, "xapp-"); err != nil {
			errs = append(errs, fmt.Errorf("app_token_file: %w", err))
		}
	}
	return errs
}

// token reads a token, which says by its beginning what it is for.
func token(path, prefix string) (string, error) {
	text, err := outbound.Secret(path)
	if err == nil && !strings.HasPrefix(text, prefix) {
		return "", fmt.Errorf("the file holds another kind of token: this one begins with %s", prefix)
	}
	return text, err
}

// call is the API with the token of the moment, so that a new token needs no restart.
type call struct {
	*slack.Client
	last    *recorder
	secrets []string
}

// recorder remembers how long the last answer asks to wait, which the library says of some statuses only.
type recorder struct {
	*outbound.Library
	after time.Duration
}

// Do makes one call.
func (r *recorder) Do(q *http.Request) (*http.Response, error) {
	answer, err := r.Library.Do(q)
	r.after = 0
	if err == nil {
		r.after = outbound.RetryAfter(answer.Header)
	}
	return answer, err
}

func (s *Sender) open() (call, error) {
	bot, err := token(s.config.TokenFile, "xoxb-")
	if err != nil {
		return call{}, fmt.Errorf("token_file: %w", err)
	}
	return s.api(bot, bot), nil
}

func (s *Sender) api(bot string, hidden string, more ...slack.Option) call {
	last := &recorder{Library: s.client.Library(maxAnswer)}
	options := []slack.Option{slack.OptionHTTPClient(last), slack.OptionAPIURL(s.config.URL), slack.OptionLog(silent{})}
	return call{slack.New(bot, append(options, more...)...), last, []string{hidden}}
}

// silent takes what the library would write to standard error.
type silent struct{}

func (silent) Output(int, string) error { return nil }

// Send posts the message, or what of it is not in the channel yet.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	_, err := s.deliver(ctx, newPost(m, s.config.hears()))
	return err
}

// deliver returns the thread that shows the message.
func (s *Sender) deliver(ctx context.Context, p post) (thread, error) {
	c, err := s.open()
	if err != nil {
		return thread{}, err
	}
	c.secrets = append(c.secrets, p.secrets...)
	t, found, err := s.find(ctx, c, p.mark.Thread)
	if err != nil {
		return thread{}, err
	}
	if !found || t.ended(p.mark) {
		return s.begin(ctx, c, p)
	}
	return t, s.follow(ctx, c, t, p)
}

// begin posts the parent of a new thread.
func (s *Sender) begin(ctx context.Context, c call, p post) (thread, error) {
	_, ts, err := c.PostMessageContext(ctx, s.config.Channel, p.options(p.parent())...)
	if err != nil {
		return thread{}, c.failure("posting", err)
	}
	s.threads.note(p.mark.Thread, ts)
	return thread{ts: ts, parent: p.mark}, nil
}

// follow posts a reply, unless it is there already, and then shows the newest state at the parent.
func (s *Sender) follow(ctx context.Context, c call, t thread, p post) error {
	if !slices.Contains(t.messages, p.mark.Message) {
		options := append(p.options(p.reply()), slack.MsgOptionTS(t.ts))
		if p.asks() {
			options = append(options, slack.MsgOptionBroadcast())
		}
		if _, _, err := c.PostMessageContext(ctx, s.config.Channel, options...); err != nil {
			return c.failure("replying", err)
		}
	}
	if t.parent.Message == p.mark.Message || t.parent.At > p.mark.At {
		return nil
	}
	_, _, _, err := c.UpdateMessageContext(ctx, s.config.Channel, t.ts, p.options(p.parent())...)
	return c.failure("updating the thread", err)
}
