// Package nats reads changes from a stream of NATS JetStream, as a Feed.
//
// All replicas share one durable consumer, which the server keeps: each message goes to one of
// them, and a restart goes on where the last process ended. A message is acknowledged when
// its events are on disk. If they cannot be stored, it comes again after a pause. What can never be
// stored is terminated, counted and shown by `pushback sources status`. A process that is killed
// between the commit and the acknowledgement gets the message again, and recognises its events.
//
// Facts: docs.nats.io/nats-concepts/jetstream/consumers. Tried against nats-server 2.9.
package nats

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pushback/pushback/internal/secretfile"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/bus"
)

// Config is one NATS source in pushback.yml.
type Config struct {
	URL          string `yaml:"url" required:"true" example:"url: nats://nats.example.org:4222"` // several apart by commas
	Stream       string `yaml:"stream" required:"true" example:"stream: DEPLOYS"`
	Consumer     string `yaml:"consumer"`   // the durable consumer; it is made where there is none
	Subject      string `yaml:"subject"`    // only these messages of the stream
	CredsFile    string `yaml:"creds_file"` // at most one of these ways to sign in
	TokenFile    string `yaml:"token_file"`
	NkeyFile     string `yaml:"nkey_file"` // of a seed
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
	// AckWait is when the server gives a message to another replica, if nothing is heard of it.
	AckWait    time.Duration `yaml:"ack_wait"`
	bus.Config `yaml:",inline"`
}

// SetDefaults fills what is not zero by default.
func (c *Config) SetDefaults() {
	c.Config.SetDefaults()
	c.Consumer, c.AckWait = "pushback", time.Minute
}

// Feed reads one stream.
type Feed struct {
	*bus.Reader
	config Config
	name   string
}

// New checks the settings. It connects to nobody.
func New(o changes.Options, c Config) (*Feed, error) {
	reader, err := bus.NewReader(o, c.Config)
	if err := errors.Join(err, c.check()); err != nil {
		return nil, err
	}
	return &Feed{Reader: reader, config: c, name: o.Name}, nil
}

func (c Config) check() error {
	var all []error
	for address := range strings.SplitSeq(c.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" {
			all = append(all, errors.New("url: write it as nats://host:4222, or tls://host:4222"))
		} else if u.User != nil {
			all = append(all, errors.New("url: leave user and password out, and name a file: token_file, creds_file, or username and password_file"))
		}
	}
	if c.AckWait < time.Second {
		all = append(all, errors.New("ack_wait: write at least 1s; the default is 1m"))
	}
	ways := 0
	for _, way := range []string{c.CredsFile, c.TokenFile, c.NkeyFile, c.Username} {
		if way != "" {
			ways++
		}
	}
	if ways > 1 {
		all = append(all, errors.New("creds_file, token_file, nkey_file and username are ways to sign in: write one of them"))
	}
	if (c.Username == "") != (c.PasswordFile == "") {
		all = append(all, errors.New("username and password_file belong together"))
	}
	if strings.ContainsAny(c.Consumer, ". *>/\\\t") || c.Consumer == "" {
		all = append(all, errors.New("consumer: a name has no dot, space, star or slash"))
	}
	return errors.Join(all...)
}

// Run reads the stream until ctx ends. After every error it connects anew.
func (f *Feed) Run(ctx context.Context, take changes.Take) error {
	for failed := 0; ; failed++ {
		read, err := f.session(ctx, take)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the session ended because ctx did
		}
		if read {
			failed = 0
		}
		f.SetTrouble(err)
		if !bus.Wait(ctx, failed) {
			return nil
		}
	}
}

// session reads by one connection until it breaks, and says whether anything could be read.
func (f *Feed) session(ctx context.Context, take changes.Take) (read bool, err error) {
	ctx, broken := context.WithCancelCause(ctx)
	defer broken(nil)
	conn, err := f.connect(broken)
	if err != nil {
		return false, fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	consumer, err := f.consumer(ctx, conn)
	if err != nil {
		return false, err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(f.config.InFlight))
	if err != nil {
		return false, fmt.Errorf("reading the consumer %s: %w", f.config.Consumer, err)
	}
	defer messages.Stop()
	defer context.AfterFunc(ctx, messages.Stop)()
	f.Works()
	for {
		m, err := messages.Next()
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return true, fmt.Errorf("reading the stream %s: %w", f.config.Stream, err)
		}
		f.settle(m, f.Handle(ctx, take, http.Header(m.Headers()), m.Data()))
	}
}

// settle tells the server what became of a message. An answer that is lost is no harm: the
// message comes again, and its events are known.
func (f *Feed) settle(m jetstream.Msg, fate bus.Fate) {
	switch fate {
	case bus.Stored:
		_ = m.Ack()
	case bus.Rejected:
		_ = m.Term()
	case bus.Again:
		times := 1
		if meta, err := m.Metadata(); err == nil {
			times = int(min(meta.NumDelivered, 100)) //nolint:gosec // at most 100
		}
		_ = m.NakWithDelay(bus.Pause(times))
	}
}

// connect connects once. The library's own attempts are not used: they would hide what is wrong.
func (f *Feed) connect(broken context.CancelCauseFunc) (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name("pushback/" + f.name), nats.NoReconnect(), nats.Timeout(10 * time.Second), nats.PingInterval(20 * time.Second), nats.MaxPingsOutstanding(2),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrPermissionViolation) {
				broken(err)
			}
		}),
		nats.ClosedHandler(func(c *nats.Conn) { broken(errors.Join(errors.New("the connection was closed"), c.LastError())) }),
	}
	signIn, err := f.config.signIn()
	if err != nil {
		return nil, err
	}
	if t := f.config.TLS; t != nil {
		client, err := t.Client()
		if err != nil {
			return nil, err
		}
		options = append(options, nats.Secure(client))
	}
	return nats.Connect(f.config.URL, append(options, signIn...)...)
}

// signIn reads the files anew, so that a new secret needs no restart.
func (c Config) signIn() ([]nats.Option, error) {
	switch {
	case c.CredsFile != "":
		return []nats.Option{nats.UserCredentials(c.CredsFile)}, nil
	case c.NkeyFile != "":
		option, err := nats.NkeyOptionFromSeed(c.NkeyFile)
		if err != nil {
			return nil, errors.New("nkey_file holds no seed that can be read")
		}
		return []nats.Option{option}, nil
	case c.TokenFile != "":
		token, err := secretfile.ReadLine(c.TokenFile)
		return []nats.Option{nats.Token(token.Reveal())}, err
	case c.Username != "":
		password, err := secretfile.ReadLine(c.PasswordFile)
		return []nats.Option{nats.UserInfo(c.Username, password.Reveal())}, err
	}
	return nil, nil
}

// consumer is the durable consumer, which is made where there is none.
func (f *Feed) consumer(ctx context.Context, conn *nats.Conn) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	c, err := js.Consumer(ctx, f.config.Stream, f.config.Consumer)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		c, err = f.create(ctx, js)
	}
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, fmt.Errorf("there is no stream %s: make it, or correct `stream`", f.config.Stream)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return nil, errors.New("the server has no JetStream: start it with -js, or allow it to this account")
	case err != nil:
		return nil, fmt.Errorf("looking for the consumer %s of %s: %w", f.config.Consumer, f.config.Stream, err)
	}
	if c.CachedInfo().Config.AckPolicy != jetstream.AckExplicitPolicy {
		return nil, fmt.Errorf("the consumer %s does not acknowledge each message: name another one, which is made as it must be", f.config.Consumer)
	}
	return c, nil
}

// create makes the consumer. It redelivers for ever what is not acknowledged: nothing is lost.
func (f *Feed) create(ctx context.Context, js jetstream.JetStream) (jetstream.Consumer, error) {
	since := time.Now().Add(-f.config.Since)
	return js.CreateConsumer(ctx, f.config.Stream, jetstream.ConsumerConfig{
		Durable: f.config.Consumer, Description: "changes for Pushback", FilterSubject: f.config.Subject,
		DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: f.config.AckWait, MaxDeliver: -1, MaxAckPending: f.config.InFlight,
	})
}
