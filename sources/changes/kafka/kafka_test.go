package kafka

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// names reads a body that is the name of a service.
type names struct{}

func (names) Parse(h http.Header, body []byte) ([]sources.Event, error) {
	if strings.HasPrefix(string(body), "poison") {
		return nil, changes.Bad("service is missing")
	}
	return []sources.Event{{Service: string(body), Actor: h.Get("X-Actor")}}, nil
}

var options = changes.Options{Name: "bus", Reader: func(string) (changes.Parser, error) { return names{}, nil }}

func settings(brokers ...string) (c Config) {
	c.SetDefaults()
	c.Brokers, c.Topics = brokers, []string{"deploys"}
	return c
}

func TestSettings(t *testing.T) {
	f := func(edit func(*Config), want string) {
		t.Helper()
		c := settings("127.0.0.1:9092")
		edit(&c)
		_, err := New(options, c)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f(func(*Config) {}, "")
	f(func(c *Config) { c.Brokers = nil }, "brokers: name at least one")
	f(func(c *Config) { c.Brokers = []string{"kafka"} }, "brokers: write each")
	f(func(c *Config) { c.Topics = nil }, "topics: ")
	f(func(c *Config) { c.Group = "" }, "group: ")
	f(func(c *Config) { c.Mechanism, c.Username, c.PasswordFile = "md5", "me", "f" }, "sasl: write")
	f(func(c *Config) { c.Mechanism, c.Username, c.PasswordFile = "plain", "me", "f" }, "sasl: plain sends")
	f(func(c *Config) { c.Username = "me" }, "sasl, username")
	f(func(c *Config) { c.Since = -1 }, "since: ")
}

// taken collects what a feed stores.
type taken struct {
	mu      sync.Mutex
	order   []string
	refused int
	fail    map[string]int // how often storing fails yet
	after   func(name string)
}

func (k *taken) take(_ context.Context, d changes.Delivery) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if d.Refused != nil {
		k.refused++
		return d.Refused
	}
	name := d.Events[0].Service
	k.order = append(k.order, name)
	if k.fail[name] > 0 {
		k.fail[name]--
		return errors.New("the store does not answer")
	}
	if k.after != nil {
		k.after(name)
	}
	return nil
}

func (k *taken) all() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.Join(k.order, " ")
}

func run(t *testing.T, c Config, k *taken) (f *Feed, stop func()) {
	t.Helper()
	f, err := New(options, c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, k.take) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return f, stop
}

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no %s within a minute", what)
		}
	}
}

func cluster(t *testing.T, more ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(1, "deploys")}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func produce(t *testing.T, c *kfake.Cluster, bodies ...string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, body := range bodies {
		r := &kgo.Record{Topic: "deploys", Value: []byte(body), Headers: []kgo.RecordHeader{{Key: "X-Actor", Value: []byte("ada")}, {Key: "no header", Value: nil}}}
		if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRun(t *testing.T) {
	c := cluster(t)
	produce(t, c, "a", "poison", "b", "c")
	k := &taken{fail: map[string]int{"b": 1}}
	f, stop := run(t, settings(c.ListenAddrs()...), k)
	// What cannot be stored holds the partition; what can never be is passed.
	await(t, "end", func() bool { return k.all() == "a b b c" })
	if k.refused != 1 || f.Trouble() != "" {
		t.Errorf("%d refused, trouble %q", k.refused, f.Trouble())
	}
	await(t, "commit", func() bool { return committed(t, c) == 4 })
	stop()
	produce(t, c, "d")
	_, stop = run(t, settings(c.ListenAddrs()...), k)
	await(t, "message from between", func() bool { return k.all() == "a b b c d" })
	stop()
}

// committed is how far the group has come; -1 where it has committed nothing.
func committed(t *testing.T, c *kfake.Cluster) int64 {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	request := kmsg.NewPtrOffsetFetchRequest()
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group = "pushback"
	request.Groups = append(request.Groups, group)
	request.Group = "pushback"
	answer, err := request.RequestWith(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range answer.Groups {
		for _, topic := range g.Topics {
			return topic.Partitions[0].Offset
		}
	}
	for _, topic := range answer.Topics {
		return topic.Partitions[0].Offset
	}
	return -1
}

// A process that ends between the store's commit and that of the offset reads the messages again.
func TestNothingIsLostBeforeTheCommit(t *testing.T) {
	c := cluster(t)
	produce(t, c, "a", "b")
	k := &taken{}
	var stop func()
	started := make(chan struct{})
	ctxEnds := make(chan struct{})
	k.after = func(name string) {
		if name == "b" {
			<-started
			go stop() // ctx ends while b is being stored
			<-ctxEnds
		}
	}
	_, stop = run(t, settings(c.ListenAddrs()...), k)
	close(started)
	time.AfterFunc(100*time.Millisecond, func() { close(ctxEnds) })
	stop()
	if got := committed(t, c); got > 0 {
		t.Fatalf("%d committed though the process ended before", got)
	}
	again := &taken{}
	run(t, settings(c.ListenAddrs()...), again)
	await(t, "messages again", func() bool { return again.all() == "a b" })
}

func TestTrouble(t *testing.T) {
	f, _ := run(t, settings("127.0.0.1:1"), &taken{})
	await(t, "trouble", func() bool { return strings.Contains(f.Trouble(), "connecting") })
}

func TestSignIn(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("correct-horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := cluster(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "me", "correct-horse"))
	s := settings(c.ListenAddrs()...)
	s.Mechanism, s.Username, s.PasswordFile = "scram-sha-256", "me", password
	f, err := New(options, s)
	if err != nil {
		t.Fatal(err)
	}
	client, abort, err := f.client()
	if err != nil {
		t.Fatal(err)
	}
	defer leave(client, abort)
	if err := client.Ping(t.Context()); err != nil {
		t.Errorf("the right password: %v", err)
	}
	if err := os.WriteFile(password, []byte("another-horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	other, abortOther, err := f.client()
	if err != nil {
		t.Fatal(err)
	}
	defer leave(other, abortOther)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := other.Ping(ctx); err == nil || strings.Contains(fmt.Sprint(err), "horse") {
		t.Errorf("the wrong password: %v", err)
	}
}
