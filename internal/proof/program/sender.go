package program

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Sender is deploy tools that report one change each event. It writes HTTP itself, because
// net/http's client would need as much of the machine as the program that is measured.
type Sender struct {
	Address     string // the program's
	Source      string // its name in pushback.yml, of kind generic
	Rate        int    // events a second
	Total       int64  // events
	First       int64  // number of the first event; events with other numbers are others
	Connections int
	Limit       time.Duration                                       // after which what is left is not sent; 0: none
	Service     func(n int64) string                                // what event n is about
	At          func(n int64) time.Time                             // when its change happened; nil: now
	Answered    func(n int64, status int, sent, answered time.Time) // is called by every connection

	key   []byte
	began time.Time
	next  atomic.Int64
}

// Run sends every event at its time over all connections, or as soon after it as the answers let
// it, and returns how long that took.
func (s *Sender) Run(ctx context.Context) (time.Duration, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(Secret, "whsec_"))
	if err != nil {
		return 0, err
	}
	s.key, s.began = key, time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for range s.Connections {
		g.Go(func() error { return s.connection(ctx) })
	}
	err = g.Wait()
	return time.Since(s.began), err
}

// connection sends events over one connection, each after the answer to the last one.
func (s *Sender) connection(ctx context.Context) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for n := s.next.Add(1) - 1; n < s.Total; n = s.next.Add(1) - 1 {
		if s.Limit > 0 && time.Since(s.began) > s.Limit {
			return nil
		}
		due := s.began.Add(time.Duration(n) * time.Second / time.Duration(s.Rate))
		if err := sleepUntil(ctx, due); err != nil {
			return err
		}
		sent := time.Now()
		if _, err := conn.Write(s.request(s.First + n)); err != nil {
			return err
		}
		status, err := readAnswer(answers)
		if err != nil {
			return err
		}
		s.Answered(s.First+n, status, sent, time.Now())
	}
	return nil
}

func sleepUntil(ctx context.Context, at time.Time) error {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// request is event n as a signed HTTP request.
func (s *Sender) request(n int64) []byte {
	now := time.Now()
	at := now
	if s.At != nil {
		at = s.At(n)
	}
	body := fmt.Sprintf(`{"event_id":"e%d","change_id":"c%d","status":"succeeded","service":%q,"environment":"production","kind":"deploy","version":"v%d","previous":"v%d","at":%q}`,
		n, n, s.Service(n), n, n-1, at.UTC().Format(time.RFC3339Nano))
	sum := hmac.New(sha256.New, s.key)
	fmt.Fprintf(sum, "m%d.%d.%s", n, now.Unix(), body)
	return fmt.Appendf(nil, "POST /hooks/%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nWebhook-Id: m%d\r\nWebhook-Timestamp: %d\r\nWebhook-Signature: v1,%s\r\nContent-Length: %d\r\n\r\n%s",
		s.Source, s.Address, n, now.Unix(), base64.StdEncoding.EncodeToString(sum.Sum(nil)), len(body), body)
}

func readAnswer(from *bufio.Reader) (status int, err error) {
	answer, err := http.ReadResponse(from, nil)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}
