package load

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
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// probeEvery is how often an event begins a watch whose first look is timed.
const probeEvery = 100 * time.Millisecond

// sender is the deploy tools. It writes HTTP itself, because net/http's client would need
// as much of the machine as the program that is measured.
type sender struct {
	Options
	address string
	key     []byte
	began   time.Time
	took    time.Duration
	next    atomic.Int64

	mu      sync.Mutex
	waits   []time.Duration
	refused int
	probes  map[string]time.Time // service → when its event was answered
}

func newSender(o Options, address string) *sender {
	key, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		panic(err) // a mistake of this package
	}
	return &sender{Options: o, address: address, key: key, probes: map[string]time.Time{}}
}

// run sends every event at its time over all connections, or as soon after it as the
// answers let it.
func (s *sender) run(ctx context.Context) error {
	s.began = time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for range s.Connections {
		g.Go(func() error { return s.connection(ctx) })
	}
	err := g.Wait()
	s.took = time.Since(s.began)
	return err
}

// connection sends events over one connection, each after the answer to the last one.
func (s *sender) connection(ctx context.Context) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	total := int64(s.For.Seconds() * float64(s.Rate))
	for n := s.next.Add(1) - 1; n < total; n = s.next.Add(1) - 1 {
		due := s.began.Add(time.Duration(n) * time.Second / time.Duration(s.Rate))
		if err := sleepUntil(ctx, due); err != nil {
			return err
		}
		service, sent := s.service(n), time.Now()
		if _, err := conn.Write(s.request(service, n)); err != nil {
			return err
		}
		status, err := readAnswer(answers)
		if err != nil {
			return err
		}
		s.note(service, status, sent)
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

// service is what event n is about: a new watched service for each probe, and otherwise
// one of the services in turn.
func (s *sender) service(n int64) string {
	every := max(1, int64(s.Rate)*int64(probeEvery)/int64(time.Second))
	if n%every == every/2 {
		return fmt.Sprintf("watched-probe-%d", n/every)
	}
	one := n % int64(s.Services)
	if one%100 < int64(s.Watched) {
		return fmt.Sprintf("watched-%d", one)
	}
	return fmt.Sprintf("service-%d", one)
}

// request is event n as a signed HTTP request.
func (s *sender) request(service string, n int64) []byte {
	now := time.Now()
	body := fmt.Sprintf(`{"event_id":"e%d","change_id":"c%d","status":"succeeded","service":%q,"environment":"production","kind":"deploy","version":"v%d","previous":"v%d","at":%q}`,
		n, n, service, n, n-1, now.UTC().Format(time.RFC3339Nano))
	sum := hmac.New(sha256.New, s.key)
	fmt.Fprintf(sum, "m%d.%d.%s", n, now.Unix(), body)
	return fmt.Appendf(nil, "POST /hooks/load HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nWebhook-Id: m%d\r\nWebhook-Timestamp: %d\r\nWebhook-Signature: v1,%s\r\nContent-Length: %d\r\n\r\n%s",
		s.address, n, now.Unix(), base64.StdEncoding.EncodeToString(sum.Sum(nil)), len(body), body)
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

// note keeps how long an answer took.
func (s *sender) note(service string, status int, sent time.Time) {
	answered := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if status/100 != 2 {
		s.refused++
		return
	}
	s.waits = append(s.waits, answered.Sub(sent))
	if isProbe(service) {
		s.probes[service] = answered
	}
}

func (s *sender) answers() (accepted, refused int, q Quantiles) {
	return len(s.waits), s.refused, quantilesOf(s.waits)
}
