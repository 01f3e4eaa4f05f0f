//go:build integration

package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/server/api"
)

// TestBusIsReadAgainAfterKill kills the built program when an event is on disk and its
// acknowledgement has not reached the server, and finds one change and nothing left to read.
func TestBusIsReadAgainAfterKill(t *testing.T) {
	t.Parallel()
	if _, err := binary(); err != nil {
		t.Fatal(err)
	}
	server := servertest.NATS(t, t.TempDir(), "")
	var deaf atomic.Bool // acknowledgements do not reach the server
	deaf.Store(true)
	way := withoutAcknowledgements(t, strings.TrimPrefix(server.URL, "nats://"), &deaf)
	p := intake(t, fmt.Sprintf("sources: {deploys: {kind: nats, url: %q, stream: DEPLOYS, ack_wait: 1s}}\n", "nats://"+way))
	js := publishDeploy(t, server.URL, fmt.Sprintf(`{"service":"cart","version":"v2","at":%q}`, time.Now().UTC().Format(time.RFC3339)))

	changes := func() (all api.Changes) {
		p.request(http.MethodGet, "/v1/changes?service=cart", nil, nil, &all)
		return all
	}
	await(t, "change", 30*time.Second, func() bool { return len(changes().Changes) == 1 })
	p.kill()
	if left := leftToRead(t, js); left != 1 {
		t.Fatalf("%d messages are left to read, want the one that was not acknowledged", left)
	}
	deaf.Store(false)
	p.start()
	await(t, "acknowledgement", 30*time.Second, func() bool { return leftToRead(t, js) == 0 })
	if all := changes().Changes; len(all) != 1 || all[0].Version != "v2" {
		t.Errorf("%+v, want one change", all)
	}
	publishDeploy(t, server.URL, `{"service":"cart","version":"v3"}`)
	var status api.Sources
	await(t, "refusal", 30*time.Second, func() bool {
		p.request(http.MethodGet, "/v1/sources", nil, nil, &status)
		return status.Sources[0].Refused == 1
	})
	if s := status.Sources[0]; s.RefusedReason != "at is missing" || !s.Feed || s.Trouble != "" || s.Accepted < 1 {
		t.Errorf("%+v", s)
	}
}

func publishDeploy(t *testing.T, url, body string) jetstream.JetStream {
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
	if _, err := js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: "DEPLOYS", Subjects: []string{"deploys"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "deploys", []byte(body)); err != nil {
		t.Fatal(err)
	}
	return js
}

// leftToRead is how many messages the server has not heard the end of.
func leftToRead(t *testing.T, js jetstream.JetStream) int {
	t.Helper()
	c, err := js.Consumer(t.Context(), "DEPLOYS", "pushback")
	if err != nil {
		return -1
	}
	info, err := c.Info(t.Context())
	if err != nil {
		return -1
	}
	return info.NumAckPending + int(info.NumPending) //nolint:gosec // a few
}

// withoutAcknowledgements is a way to a server on which acknowledgements get lost while it is
// deaf.
func withoutAcknowledgements(t *testing.T, server string, deaf *atomic.Bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", server)
			if err != nil {
				_ = from.Close()
				continue
			}
			go func() { _, _ = io.Copy(from, to); _ = from.Close() }()
			go forward(from, to, deaf)
		}
	}()
	return l.Addr().String()
}

func forward(from, to net.Conn, deaf *atomic.Bool) {
	defer to.Close()
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		if deaf.Load() && bytes.Contains(piece[:n], []byte("+ACK")) {
			continue
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}
