package irc

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
)

// Sender writes into the channels of one server. It is safe for concurrent use.
type Sender struct {
	config Config
	tls    *tls.Config
	dial   func(ctx context.Context, network, address string) (net.Conn, error)

	mu        sync.Mutex
	current   *session // nil: not connected
	listening bool
	topic     string
	trouble   error // of the last connection; nil while it is well
}

// New checks the configuration, the files included. It connects to nobody.
func New(c Config) (*Sender, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	t, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	return &Sender{config: c, tls: t, dial: outbound.Dial}, nil
}

// Send writes a message into every channel. While the sender listens, it uses that connection; otherwise it
// connects for this message alone, for `pushback receivers test`.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	s.mu.Lock()
	current, listening, trouble := s.current, s.listening, s.trouble
	s.mu.Unlock()
	if !listening {
		return s.sendOnce(ctx, m)
	}
	if current == nil {
		return fmt.Errorf("sending to irc: not connected: %w", cmp.Or(trouble, errClosed))
	}
	if err := s.sendBy(ctx, current, m); err != nil {
		return fmt.Errorf("sending to irc: %w", err)
	}
	return nil
}

func (s *Sender) sendBy(ctx context.Context, by *session, m notify.Message) error {
	if err := by.joinedAll(); err != nil {
		return err
	}
	texts := render(m.Truncated(), s.config.ApprovalLinks, s.Hears())
	for _, channel := range s.config.Channels {
		if err := by.say(ctx, channel, texts); err != nil {
			return err
		}
	}
	return nil
}

// sendOnce connects, sends and leaves.
func (s *Sender) sendOnce(ctx context.Context, m notify.Message) error {
	one, err := s.open(ctx, func(heard) {})
	if err != nil {
		return fmt.Errorf("sending to irc: %w", err)
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- one.run(running) }()
	if err = one.awaitJoined(ctx); err == nil {
		err = s.sendBy(ctx, one, m)
	}
	stop()
	if lost := <-ended; errors.Is(err, errClosed) {
		err = lost
	}
	if err != nil {
		return fmt.Errorf("sending to irc: %w", err)
	}
	return nil
}

const joinCheck = 50 * time.Millisecond

// awaitJoined waits until the session is in all its channels, or the server has refused one.
func (s *session) awaitJoined(ctx context.Context) error {
	t := time.NewTicker(joinCheck)
	defer t.Stop()
	for {
		err := s.joinedAll()
		if !errors.Is(err, errJoining) {
			return err
		}
		select {
		case <-t.C:
		case <-s.done:
			return errClosed
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// open connects, and reads the secrets anew.
func (s *Sender) open(ctx context.Context, hear func(heard)) (*session, error) {
	var x secrets
	for into, file := range map[*string]string{
		&x.password: s.config.PasswordFile, &x.channelKey: s.config.ChannelKeyFile, &x.serverPass: s.config.ServerPassFile,
	} {
		text, err := readSecret(file)
		if err != nil {
			return nil, err
		}
		*into = text
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	return newSession(s.config, x, conn, hear), nil
}

const connectWithin = 10 * time.Second

func (s *Sender) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	conn, err := s.dial(ctx, "tcp", s.config.Address)
	if err != nil || s.tls == nil {
		return conn, err
	}
	secure := tls.Client(conn, s.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS with %s: %w", s.config.Address, err)
	}
	return secure, nil
}
