// Package kafka reads changes from topics of Kafka, as a Feed.
//
// All replicas are in one consumer group, so that each partition is read by one of them. An offset is
// committed when all events before it are on disk. While they cannot be stored, the partition
// waits. What can never be stored is counted, shown by `pushback sources status`, and passed. A
// process that is killed between the two commits reads the messages again, and recognises their
// events.
//
// Facts: kafka.apache.org/documentation; tried against the broker of franz-go's kfake.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/pushback/pushback/internal/secretfile"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/bus"
)

// Config is one Kafka source in pushback.yml.
type Config struct {
	Brokers      []string `yaml:"brokers" required:"true" example:"brokers: [kafka.example.org:9092]"`
	Topics       []string `yaml:"topics" required:"true" example:"topics: [deploys]"`
	Group        string   `yaml:"group"` // of consumers
	Mechanism    string   `yaml:"sasl"`  // plain, scram-sha-256 or scram-sha-512
	Username     string   `yaml:"username"`
	PasswordFile string   `yaml:"password_file"`
	bus.Config   `yaml:",inline"`
}

// SetDefaults fills what is not zero by default.
func (c *Config) SetDefaults() {
	c.Config.SetDefaults()
	c.Group = "pushback"
}

// Feed reads some topics.
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
	for _, broker := range c.Brokers {
		if _, _, err := net.SplitHostPort(broker); err != nil {
			all = append(all, errors.New("brokers: write each as host:port"))
		}
	}
	if len(c.Brokers) == 0 {
		all = append(all, errors.New("brokers: name at least one, as in [kafka.example.org:9092]"))
	}
	if len(c.Topics) == 0 {
		all = append(all, errors.New("topics: name at least one"))
	}
	if c.Group == "" {
		all = append(all, errors.New("group: it is empty, and replicas share their work by it"))
	}
	if (c.Username == "") != (c.PasswordFile == "") || (c.Username == "") != (c.Mechanism == "") {
		all = append(all, errors.New("sasl, username and password_file belong together"))
	}
	if _, known := mechanisms[c.Mechanism]; !known {
		all = append(all, errors.New("sasl: write plain, scram-sha-256 or scram-sha-512"))
	}
	if c.Mechanism == "plain" && c.TLS == nil {
		all = append(all, errors.New("sasl: plain sends the password as it is: write tls as well, or take scram-sha-256"))
	}
	return errors.Join(all...)
}

// mechanisms sign in with a user and a password, which is read anew for each connection.
var mechanisms = map[string]func(user, file string) sasl.Mechanism{
	"": nil,
	"plain": func(user, file string) sasl.Mechanism {
		return plain.Plain(func(context.Context) (plain.Auth, error) {
			password, err := secretfile.ReadLine(file)
			return plain.Auth{User: user, Pass: password.Reveal()}, err
		})
	},
	"scram-sha-256": func(user, file string) sasl.Mechanism { return scram.Sha256(scramAuth(user, file)) },
	"scram-sha-512": func(user, file string) sasl.Mechanism { return scram.Sha512(scramAuth(user, file)) },
}

func scramAuth(user, file string) func(context.Context) (scram.Auth, error) {
	return func(context.Context) (scram.Auth, error) {
		password, err := secretfile.ReadLine(file)
		return scram.Auth{User: user, Pass: password.Reveal()}, err
	}
}

// Run reads the topics until ctx ends.
func (f *Feed) Run(ctx context.Context, take changes.Take) error {
	for failed := 0; ; failed++ {
		client, abort, err := f.client()
		if err == nil {
			f.read(ctx, client, take)
			leave(client, abort)
			return nil
		}
		f.SetTrouble(err) // a file of TLS
		if !bus.Wait(ctx, failed) {
			return nil
		}
	}
}

// leave lets the other replicas have the partitions at once. Brokers that do not answer must not
// keep the daemon from ending: after some seconds the client is aborted.
func leave(client *kgo.Client, abort func()) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	_ = client.LeaveGroupContext(ctx) // else they wait until the session ends
	abort()
	client.Close()
}

// client makes a client, and a function that ends all that it does.
func (f *Feed) client() (*kgo.Client, func(), error) {
	ctx, abort := context.WithCancel(context.Background())
	options, err := f.options(ctx)
	if err != nil {
		abort()
		return nil, nil, err
	}
	client, err := kgo.NewClient(options...)
	return client, abort, err
}

func (f *Feed) options(ctx context.Context) ([]kgo.Opt, error) {
	c := f.config
	options := []kgo.Opt{
		kgo.WithContext(ctx), kgo.SeedBrokers(c.Brokers...), kgo.ClientID("pushback/" + f.name), kgo.ConsumerGroup(c.Group), kgo.ConsumeTopics(c.Topics...), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AfterMilli(time.Now().Add(-c.Since).UnixMilli())),
		kgo.FetchMaxBytes(8 * bus.MaxMessage), kgo.FetchMaxPartitionBytes(2 * bus.MaxMessage), kgo.BrokerMaxReadBytes(64 * bus.MaxMessage), kgo.MaxConcurrentFetches(2),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.WithHooks(&connections{f.Reader}), kgo.DialTimeout(10 * time.Second),
	}
	if c.TLS != nil {
		client, err := c.TLS.Client()
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.DialTLSConfig(client))
	}
	if sign := mechanisms[c.Mechanism]; sign != nil {
		options = append(options, kgo.SASL(sign(c.Username, c.PasswordFile)))
	}
	return options, nil
}

// read handles the records of every partition in their order.
func (f *Feed) read(ctx context.Context, client *kgo.Client, take changes.Take) {
	for failed := 0; ; {
		fetches := client.PollRecords(ctx, f.config.InFlight)
		if ctx.Err() != nil || fetches.IsClientClosed() {
			return
		}
		if err := firstError(fetches); err != nil {
			f.SetTrouble(err)
			if failed++; !bus.Wait(ctx, failed) {
				return
			}
		} else {
			failed = 0
			f.Works()
		}
		records := fetches.Records()
		for _, r := range records {
			if !f.stored(ctx, take, r) {
				return // without a commit: they are read again
			}
		}
		if err := client.CommitRecords(ctx, records...); err != nil && ctx.Err() == nil {
			f.SetTrouble(fmt.Errorf("committing: %w", err)) // the next commit covers these
		}
	}
}

// firstError is the first error of a poll, with its topic.
func firstError(fetches kgo.Fetches) (found error) {
	fetches.EachError(func(topic string, _ int32, err error) {
		if found == nil {
			found = fmt.Errorf("reading the topic %s: %w", topic, err)
		}
	})
	return found
}

// stored handles one record until it is stored or rejected. It reports whether it was, and ctx
// has not ended before.
func (f *Feed) stored(ctx context.Context, take changes.Take, r *kgo.Record) bool {
	for failed := 0; f.Handle(ctx, take, headersOf(r), r.Value) == bus.Again; failed++ {
		if !bus.Wait(ctx, failed) {
			return false
		}
	}
	return ctx.Err() == nil
}

// headersOf are the headers of a record. Names that no header of HTTP has are left out.
func headersOf(r *kgo.Record) http.Header {
	h := http.Header{}
	for _, each := range r.Headers {
		if !strings.ContainsAny(each.Key, " \t\r\n:") && each.Key != "" {
			h.Add(each.Key, string(each.Value))
		}
	}
	return h
}

// connections notes whether the brokers can be reached: the library tries for ever, and says
// nothing.
type connections struct{ reader *bus.Reader }

// OnBrokerConnect is called after each attempt to connect.
func (c *connections) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		c.reader.SetTrouble(fmt.Errorf("connecting: %w", err))
	}
}
