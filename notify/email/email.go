// Package email sends messages by SMTP, as plain text and HTML with the plot inside. TLS is required, except on this
// host. Mails of one thread of messages refer to one id, so that mail programs show them together.
//
// Nothing of a mail is fetched from anywhere. Texts from outside are text in both parts: what mail programs make links
// of is broken up, and headers hold one line each.
package email

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"time"

	"github.com/prometheus/common/config"
	gomail "github.com/wneessen/go-mail"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/internal/secretfile"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rules"
)

// The ways to be private.
const (
	StartTLS = "starttls" // the default: the connection is upgraded, or not used
	Implicit = "implicit" // TLS from the first byte, as on port 465
	None     = "none"     // on this host alone
)

// timeout is less than the engine gives a message.
const timeout = 12 * time.Second

// Config is a receiver of kind email in pushback.yml.
type Config struct {
	Host         string           `yaml:"host"`          // of the SMTP server
	Port         int              `yaml:"port"`          // 0: 587; 465 with implicit TLS
	TLS          string           `yaml:"tls"`           // "": StartTLS
	TLSConfig    config.TLSConfig `yaml:"tls_config"`    // ca_file, server_name, …
	User         string           `yaml:"user"`          // "": no sign-in
	PasswordFile string           `yaml:"password_file"` // required with a user
	Hello        string           `yaml:"hello"`         // the name that this host says it has; "": its own
	From         string           `yaml:"from"`          // "Pushback <pushback@example.org>"
	To           []string         `yaml:"to"`            // addresses
	Digest       *Digest          `yaml:"digest"`        // nil: none
}

// Digest says when a mail about everything since the last one is sent.
type Digest struct {
	rules.Schedule `yaml:",inline"`
	Empty          bool `yaml:"empty"` // also where nothing happened
}

// SetDirectory resolves relative file names against dir.
func (c *Config) SetDirectory(dir string) {
	c.PasswordFile = config.JoinDir(dir, c.PasswordFile)
	c.TLSConfig.SetDirectory(dir)
}

// WantsDigest reports whether a digest is sent.
func (c *Config) WantsDigest() bool { return c.Digest != nil }

// Sender sends mails to one list of addresses. It is safe for concurrent use.
type Sender struct {
	config Config
	from   *mail.Address
	to     []*mail.Address
	tls    *tls.Config
}

// New checks the configuration, the password's file included.
func New(c Config) (*Sender, error) {
	s := &Sender{config: c.withDefaults()}
	errs := s.config.check()
	var err error
	if s.from, err = address("from", c.From); err != nil {
		errs = append(errs, err)
	}
	if len(c.To) == 0 {
		errs = append(errs, errors.New("to is missing: a list of addresses"))
	}
	for i, text := range c.To {
		to, err := address(fmt.Sprintf("to[%d]", i), text)
		errs, s.to = append(errs, err), append(s.to, to)
	}
	if s.tls, err = config.NewTLSConfig(&s.config.TLSConfig); err != nil {
		errs = append(errs, fmt.Errorf("tls_config: %w", err))
	}
	return s, errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.TLS == "" {
		c.TLS = StartTLS
	}
	if c.Port == 0 {
		c.Port = map[string]int{StartTLS: 587, Implicit: 465, None: 25}[c.TLS]
	}
	if c.TLSConfig.ServerName == "" {
		c.TLSConfig.ServerName = c.Host
	}
	return c
}

func (c Config) check() (errs []error) {
	switch {
	case c.Host == "":
		errs = append(errs, errors.New("host is missing: the name of the SMTP server"))
	case c.TLS != StartTLS && c.TLS != Implicit && c.TLS != None:
		errs = append(errs, errors.New("tls must be starttls, implicit or none"))
	case c.TLS == None && !onThisHost(c.Host):
		errs = append(errs, errors.New("tls is none, which is for an SMTP server on this host alone: anybody on the way could read and change the mails"))
	}
	if c.Host != "" && outbound.CheckURL("http://"+net.JoinHostPort(c.Host, "25")) != nil {
		errs = append(errs, errors.New("host is not the name or address of a host that may be called"))
	}
	if c.Port < 0 || c.Port > 65535 {
		errs = append(errs, errors.New("port must be from 1 to 65535"))
	}
	if (c.User == "") != (c.PasswordFile == "") {
		errs = append(errs, errors.New("user and password_file belong together: one is missing"))
	}
	if c.PasswordFile != "" {
		if _, err := secretfile.ReadLine(c.PasswordFile); err != nil {
			errs = append(errs, fmt.Errorf("password_file: %w", err))
		}
	}
	if c.Digest != nil && c.Digest.Next(time.Unix(0, 0)).IsZero() {
		errs = append(errs, errors.New(`digest has no time at which it is sent: write a cron, as in digest: {cron: "0 8 * * MON-FRI", zone: Europe/London}`))
	}
	return errs
}

func onThisHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func address(key, text string) (*mail.Address, error) {
	a, err := mail.ParseAddress(text)
	if err != nil {
		return nil, fmt.Errorf(`%s is no address, such as "Pushback <pushback@example.org>"`, key)
	}
	return a, nil
}

// Digest is when a digest is sent, and whether it is sent where nothing happened; wanted is false where none is.
func (s *Sender) Digest() (when rules.Schedule, empty, wanted bool) {
	if s.config.Digest == nil {
		return when, false, false
	}
	return s.config.Digest.Schedule, s.config.Digest.Empty, true
}

// Send sends one mail.
func (s *Sender) Send(ctx context.Context, m notify.Message) error { return s.SendPicture(ctx, m, nil) }

// SendPicture sends one mail with a picture in its HTML.
func (s *Sender) SendPicture(ctx context.Context, m notify.Message, png []byte) error {
	password, err := s.password()
	if err != nil {
		return err
	}
	hidden := append(secret.LinkTokens(m.Action), password, base64.StdEncoding.EncodeToString([]byte(password)),
		base64.StdEncoding.EncodeToString([]byte("\x00"+s.config.User+"\x00"+password)))
	composed, err := s.compose(m, png)
	if err != nil {
		return fmt.Errorf("composing a mail: %w: %s", notify.ErrPermanent, outbound.Redact(err.Error(), hidden...))
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return failure(ctx, s.transmit(ctx, composed, password), hidden)
}

func (s *Sender) password() (string, error) {
	if s.config.PasswordFile == "" {
		return "", nil
	}
	text, err := secretfile.ReadLine(s.config.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("password_file: %w", err)
	}
	return text.Reveal(), nil
}

// mechanisms are the ways to sign in, the best first. PLAIN and LOGIN show the password to the server: the library uses them
// over TLS, and on this host.
var mechanisms = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5}

// transmit makes a connection for one mail, and closes it when ctx ends.
func (s *Sender) transmit(ctx context.Context, m *gomail.Msg, password string) error {
	options := []gomail.Option{
		gomail.WithPort(s.config.Port), gomail.WithTimeout(timeout), gomail.WithTLSConfig(s.tls), gomail.WithTLSPolicy(gomail.TLSMandatory),
		gomail.WithDialContextFunc(func(dialing context.Context, network, at string) (net.Conn, error) {
			c, err := s.dial(dialing, network, at)
			if err == nil {
				context.AfterFunc(ctx, func() { _ = c.Close() }) // the library asks for the deadline of ctx while it dials alone
			}
			return c, err
		}),
	}
	switch s.config.TLS {
	case None:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	case Implicit:
		options = append(options, gomail.WithSSL())
	}
	if s.config.Hello != "" {
		options = append(options, gomail.WithHELO(s.config.Hello))
	}
	if s.config.User != "" {
		options = append(options, gomail.WithOpportunisticSMTPAuth(mechanisms...), gomail.WithUsername(s.config.User), gomail.WithPassword(password))
	}
	c, err := gomail.NewClient(s.config.Host, options...)
	if err != nil {
		return err
	}
	return c.DialAndSendWithContext(ctx, m)
}

// dial connects under the rules of all our calls. The library leaves TLS from the first byte to a dialer that is not
// its own.
func (s *Sender) dial(ctx context.Context, network, at string) (net.Conn, error) {
	c, err := outbound.Dial(ctx, network, at)
	if err != nil {
		return nil, err
	}
	if s.config.TLS != Implicit {
		return c, nil
	}
	private := tls.Client(c, s.tls)
	if err := private.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return private, nil
}

// failure sorts an error of the library as a Sender's. Only a server that has read the mail and refused it
// refuses it for good: who may send, and to whom, the operators can repair.
func failure(ctx context.Context, err error, hidden []string) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("sending a mail: %w", ctx.Err())
	}
	text := notify.Truncate(outbound.Redact(err.Error(), hidden...), 300)
	var refused *gomail.SendError
	atEnd := errors.As(err, &refused) && (refused.Reason == gomail.ErrSMTPDataClose || refused.Reason == gomail.ErrWriteContent)
	if atEnd && refused.ErrorCode() >= 500 {
		return fmt.Errorf("sending a mail: %w: %s", notify.ErrPermanent, text)
	}
	return fmt.Errorf("sending a mail: %s", text)
}
