package slackbot

import (
	"context"
	"errors"
	"fmt"

	"github.com/gorilla/websocket"
	"github.com/prometheus/common/config"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
)

// Connects reports whether the settings name an app-level token, for socket mode.
func (s *Sender) Connects() bool { return s.config.AppTokenFile != "" }

// Listen hears by socket mode what people press. An error is one that connecting again does not cure: a token that
// is refused.
func (s *Sender) Listen(ctx context.Context, answer notify.Answering) error {
	defer s.trouble.Store("") // another replica may listen next
	app, err := token(s.config.AppTokenFile, "xapp-")
	if err != nil {
		return fmt.Errorf("app_token_file: %w", err)
	}
	dialer, err := s.dialer()
	if err != nil {
		return err
	}
	api := s.api("", app, slack.OptionAppLevelToken(app))
	client := socketmode.New(api.Client,
		socketmode.OptionDialer(dialer), socketmode.OptionReadLimit(maxRequest), socketmode.OptionLog(silent{}))
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(running) }()
	for {
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				return nil
			}
			return api.failure("listening", cause(err))
		case e := <-client.Events:
			s.noteTrouble(api, e)
			s.heard(ctx, client, e, answer)
		}
	}
}

// noteTrouble keeps why nothing is heard.
func (s *Sender) noteTrouble(api call, e socketmode.Event) {
	switch e.Type {
	case socketmode.EventTypeConnected:
		s.trouble.Store("")
	case socketmode.EventTypeConnectionError:
		s.trouble.Store("cannot connect by socket mode, so that buttons do nothing; it is tried again")
		if failed, is := e.Data.(*slack.ConnectionErrorEvent); is {
			s.trouble.Store(fmt.Sprintf("%s: %v", s.trouble.Load(), api.failure("connecting", failed.ErrorObj)))
		}
	}
}

// Trouble says why nothing is heard by socket mode, "" while it is.
func (s *Sender) Trouble() string {
	text, _ := s.trouble.Load().(string)
	return text
}

// cause is an error of the library in the words of the API, where it has any.
func cause(err error) error {
	if err == nil {
		return errors.New("the connection has ended")
	}
	return err
}

// heard acknowledges a request, and carries it out. One that there is no room for is not acknowledged: Slack then
// shows that it failed.
func (s *Sender) heard(ctx context.Context, client *socketmode.Client, e socketmode.Event, answer notify.Answering) {
	if e.Request == nil || e.Type == socketmode.EventTypeHello {
		return
	}
	if pressed, is := e.Data.(slack.InteractionCallback); is && !s.start(context.WithoutCancel(ctx), pressed, answer) {
		return
	}
	_ = client.Ack(*e.Request) // without it Slack reports the request again
}

// dialer connects under the rules and settings of all our calls.
func (s *Sender) dialer() (*websocket.Dialer, error) {
	tls, err := config.NewTLSConfig(&s.config.HTTP.TLSConfig)
	if err != nil {
		return nil, fmt.Errorf("reading the http options: %w", err)
	}
	return &websocket.Dialer{
		NetDialContext: outbound.Dial, TLSClientConfig: tls, Proxy: s.config.HTTP.Proxy(), HandshakeTimeout: carryOut, WriteBufferSize: 32 << 10,
	}, nil
}
