package shoutrrr

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/discord"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/mattermost"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/rocketchat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/telegram"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/gotify"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/ntfy"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/pushover"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
	"github.com/nicholas-fedor/shoutrrr/pkg/util"
	"github.com/nicholas-fedor/shoutrrr/pkg/util/jsonclient"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
)

// service is one of the library's, as it is used here.
type service struct {
	limit  int                      // bytes of a message
	escape func(text string) string // makes a text from outside nothing but text
	send   func(c *call, u *url.URL, m notify.Message, text string) error
	extra  func(u *url.URL) error // what else the URL must have; nil: nothing
}

// services are those there are, by the scheme of their URLs.
var services = map[string]service{
	"discord":    {limit: 3900, escape: markdown, send: sendDiscord},
	"gotify":     {limit: 8000, escape: unlinked, send: sendGotify},
	"matrix":     {limit: 16000, escape: unlinked, send: sendMatrix, extra: checkMatrix},
	"mattermost": {limit: 12000, escape: markdown, send: sendMattermost},
	"ntfy":       {limit: 3900, escape: unlinked, send: sendNtfy},
	"pushover":   {limit: 1000, escape: unlinked, send: sendPushover},
	"rocketchat": {limit: 4900, escape: alike, send: sendRocketChat},
	"telegram":   {limit: 3900, escape: unlinked, send: sendTelegram},
}

func names() string { return strings.Join(slices.Sorted(maps.Keys(services)), ", ") }

// check refuses a URL that the service cannot be called by. Its errors have nothing of the URL.
func (s service) check(u *url.URL) error {
	if err := outbound.CheckURL("https://" + u.Host); u.Host != "" && err != nil {
		return fmt.Errorf("%s: the host is refused", u.Scheme)
	}
	if s.extra != nil {
		return s.extra(u)
	}
	checked := map[string]types.Service{
		"discord": &discord.Service{}, "gotify": &gotify.Service{}, "mattermost": &mattermost.Service{}, "ntfy": &ntfy.Service{},
		"pushover": &pushover.Service{}, "rocketchat": &rocketchat.Service{}, "telegram": &telegram.Service{},
	}[u.Scheme]
	if err := checked.Initialize(u, util.DiscardLogger); err != nil {
		return fmt.Errorf("this is no URL of %s: see https://shoutrrr.nickfedor.com for how it is written", u.Scheme)
	}
	return nil
}

func sendDiscord(c *call, u *url.URL, _ notify.Message, text string) error {
	s := &discord.Service{}
	if err := s.Initialize(u, util.DiscardLogger); err != nil {
		return err
	}
	s.HTTPClient, s.Sleeper, s.Config.JSON, s.Config.SplitLines = c, awake{}, false, false
	return s.Send(text, &types.Params{})
}

// awake does not wait: the engine waits between two attempts.
type awake struct{}

// Sleep returns at once.
func (awake) Sleep(time.Duration) {}

func sendGotify(c *call, u *url.URL, m notify.Message, text string) error {
	s := &gotify.Service{}
	if err := s.Initialize(u, util.DiscardLogger); err != nil {
		return err
	}
	*s.GetHTTPClient() = *c.client()
	return s.Send(text, &types.Params{"title": status(m)})
}

func sendMattermost(c *call, u *url.URL, _ notify.Message, text string) error {
	s := &mattermost.Service{}
	if err := s.Initialize(u, util.DiscardLogger); err != nil {
		return err
	}
	*s.GetHTTPClient() = *c.client()
	return s.Send(text, &types.Params{})
}

// sendNtfy leaves out what would send mails or have phones fetch something.
func sendNtfy(c *call, u *url.URL, m notify.Message, text string) error {
	s := &ntfy.Service{}
	if err := s.Initialize(u, util.DiscardLogger); err != nil {
		return err
	}
	s.SetHTTPClient(c.client())
	s.Config.Email, s.Config.Attach, s.Config.Icon, s.Config.Actions, s.Config.Click = "", "", "", nil, notify.WebLink(m.Link)
	return s.Send(text, &types.Params{})
}

func sendPushover(c *call, u *url.URL, m notify.Message, text string) error {
	s := &pushover.Service{}
	if err := s.Initialize(u, util.DiscardLogger); err != nil {
		return err
	}
	s.Client = c.client()
	return s.Send(text, &types.Params{"title": status(m)})
}

func sendRocketChat(c *call, u *url.URL, _ notify.Message, text string) error {
	s := &rocketchat.Service{Client: c.client()}
	if err := s.Initialize(u, util.DiscardLogger); err != nil {
		return err
	}
	return s.Send(text, &types.Params{})
}

// telegrams is held while a message is sent: the library sends to Telegram by one client for all.
var telegrams sync.Mutex

func sendTelegram(c *call, u *url.URL, _ notify.Message, text string) error {
	s := &telegram.Service{}
	if err := s.Initialize(u, util.DiscardLogger); err != nil {
		return err
	}
	config := s.GetConfig()
	config.Title, config.ParseMode, config.Preview = "", telegram.ParseModes.None, false
	telegrams.Lock()
	defer telegrams.Unlock()
	before := jsonclient.DefaultClient
	defer func() { jsonclient.DefaultClient = before }()
	jsonclient.DefaultClient = jsonclient.NewWithHTTPClient(c.client())
	return s.Send(text, &types.Params{})
}

// maxLine is how much of an answer is read for an error.
const maxLine = 4 << 10

// firstLine is the beginning of an answer, with what separates it. The library finds the answer as it was.
func firstLine(r *http.Response) string {
	if r.Body == nil {
		return ""
	}
	whole, err := io.ReadAll(r.Body) // it is in memory, and bounded
	r.Body = io.NopCloser(bytes.NewReader(whole))
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(strings.ToValidUTF8(string(whole[:min(len(whole), maxLine)]), "")), "\n")
	if line == "" {
		return ""
	}
	return ": " + line
}

var (
	errMatrixUser  = errors.New("matrix: a user and a password are not taken: write matrix://:TOKEN@HOST/?rooms=!abc:example.org, with an access token")
	errMatrixToken = errors.New("matrix: the host or the access token is missing: write matrix://:TOKEN@HOST/?rooms=!abc:example.org")
	errNoRoom      = errors.New("matrix: rooms is missing, or one is not the ID of a room: write ?rooms=!abc:example.org, with ! and not #, several with commas")
)
