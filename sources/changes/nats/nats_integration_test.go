//go:build integration

package nats

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/sources/changes"
)

// taken collects what a feed stores.
type taken struct {
	mu       sync.Mutex
	services map[string]int // how often each was given
	refused  int
	fail     map[string]int // how often storing fails yet
}

func (k *taken) take(_ context.Context, d changes.Delivery) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if d.Refused != nil {
		k.refused++
		return d.Refused
	}
	name := d.Events[0].Service
	k.services[name]++
	if k.fail[name] > 0 {
		k.fail[name]--
		return errors.New("the store does not answer")
	}
	return nil
}

func (k *taken) times(name string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.services[name]
}

// run runs a feed until the test ends, or stop is called.
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
	for end := time.Now().Add(60 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no %s within a minute", what)
		}
	}
}

// publish connects, makes the stream where there is none, and publishes.
func publish(t *testing.T, url string, bodies ...string) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: "DEPLOYS", Subjects: []string{"deploys.>"}}); err != nil {
		t.Fatal(err)
	}
	for _, body := range bodies {
		if _, err := js.Publish(t.Context(), "deploys.x", []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	return js
}

// unacknowledged is how many messages the server has not heard the end of.
func unacknowledged(t *testing.T, js jetstream.JetStream) int {
	t.Helper()
	c, err := js.Consumer(t.Context(), "DEPLOYS", "pushback")
	if err != nil {
		return -1
	}
	i, err := c.Info(t.Context())
	if err != nil {
		return -1
	}
	return i.NumAckPending + int(i.NumPending) //nolint:gosec // a few
}

func TestRun(t *testing.T) {
	data := t.TempDir()
	server := servertest.NATS(t, data, "")
	js := publish(t, server.URL, "before", "poison", "cart")
	k := &taken{services: map[string]int{}, fail: map[string]int{"cart": 1}}
	f, stop := run(t, settings(server.URL), k)
	// What cannot be stored comes again; what can never be does not.
	await(t, "second attempt", func() bool { return k.times("cart") == 2 && unacknowledged(t, js) == 0 })
	if k.times("before") != 1 || k.refused != 1 || f.Trouble() != "" {
		t.Errorf("%+v, trouble %q", k.services, f.Trouble())
	}
	// Another start goes on where the first ended.
	stop()
	publish(t, server.URL, "between")
	f, _ = run(t, settings(server.URL), k)
	await(t, "message from between", func() bool { return k.times("between") == 1 && unacknowledged(t, js) == 0 })
	if k.times("before") != 1 {
		t.Error("a message came again that was acknowledged")
	}
	// The server goes away, and comes back.
	server.Stop()
	await(t, "trouble", func() bool { return f.Trouble() != "" })
	server = servertest.NATS(t, data, server.URL[strings.LastIndex(server.URL, ":")+1:])
	publish(t, server.URL, "after")
	await(t, "message after the break", func() bool { return k.times("after") == 1 && f.Trouble() == "" })
}

func TestTroubleSaysWhat(t *testing.T) {
	server := servertest.NATS(t, t.TempDir(), "")
	js := publish(t, server.URL)
	f := func(edit func(*Config), want string) {
		t.Helper()
		c := settings(server.URL)
		edit(&c)
		feed, stop := run(t, c, &taken{services: map[string]int{}})
		defer stop()
		await(t, "trouble "+want, func() bool { return feed.Trouble() != "" })
		if got := feed.Trouble(); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(func(c *Config) { c.Stream = "ABSENT" }, "there is no stream ABSENT")
	f(func(c *Config) { c.URL = "nats://127.0.0.1:1" }, "connecting")
	if _, err := js.CreateConsumer(t.Context(), "DEPLOYS", jetstream.ConsumerConfig{Durable: "lax", AckPolicy: jetstream.AckNonePolicy}); err != nil {
		t.Fatal(err)
	}
	f(func(c *Config) { c.Consumer = "lax" }, "does not acknowledge each message")
}

func TestSignIn(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const right, wrong = "correct-horse-battery", "another-horse-battery"
	f := func(flags []string, edit func(*Config), works bool) {
		t.Helper()
		server := servertest.NATS(t, t.TempDir(), "", flags...)
		defer server.Stop()
		c := settings(server.URL)
		edit(&c)
		feed, stop := run(t, c, &taken{services: map[string]int{}})
		defer stop()
		want := "Authorization Violation"
		if works {
			want = "there is no stream" // signed in
		}
		await(t, "answer", func() bool { return feed.Trouble() != "" })
		if got := feed.Trouble(); !strings.Contains(got, want) || strings.Contains(got, "horse") {
			t.Errorf("%v: %q, want %q", flags, got, want)
		}
	}
	token, user := []string{"--auth", right}, []string{"--user", "me", "--pass", right}
	f(token, func(c *Config) { c.TokenFile = file(right) }, true)
	f(token, func(c *Config) { c.TokenFile = file(wrong) }, false)
	f(token, func(*Config) {}, false)
	f(user, func(c *Config) { c.Username, c.PasswordFile = "me", file(right) }, true)
	f(user, func(c *Config) { c.Username, c.PasswordFile = "me", file(wrong) }, false)
}

// Two replicas share the messages: each comes to one of them.
func TestReplicas(t *testing.T) {
	server := servertest.NATS(t, t.TempDir(), "")
	js := publish(t, server.URL)
	k := &taken{services: map[string]int{}}
	run(t, settings(server.URL), k)
	run(t, settings(server.URL), k)
	await(t, "consumer", func() bool { return unacknowledged(t, js) == 0 })
	for i := range 100 {
		publish(t, server.URL, fmt.Sprint("s", i))
	}
	await(t, "end", func() bool { return k.times("s99") > 0 && unacknowledged(t, js) == 0 })
	for i := range 100 {
		if n := k.times(fmt.Sprint("s", i)); n != 1 {
			t.Errorf("s%d came %d times", i, n)
		}
	}
}
