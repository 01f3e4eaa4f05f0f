package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener on connections in memory, whose deadlines follow a bubble's clock.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepted:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// connect opens a connection and sends text on it.
func (p *pipes) connect(t *testing.T, text string) net.Conn {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close() })
	p.accepted <- far
	_, _ = io.WriteString(near, text) // fails if it is refused meanwhile
	return near
}

// answer reads one answer; its status is 0 if the connection ended without one.
func answer(t *testing.T, c net.Conn) int {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	defer r.Body.Close()
	_, _ = io.Copy(io.Discard, r.Body)
	return r.StatusCode
}

// strangers serves a server in a bubble. Its handler reads whole bodies, as intake does.
func strangers(t *testing.T, f func(t *testing.T, s *Server, p *pipes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{Now: time.Now, Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		s.handler = s.bounded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, _, p := readBody(w, r); p != nil {
				writeProblem(w, p)
				return
			}
			writeJSON(w, http.StatusCreated, nil)
		}))
		p := &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Serve(ctx, p) }()
		f(t, s, p)
		stop()
		if err := <-ended; err != nil {
			t.Log(err) // strangers that stall are not waited for
		}
	})
}

func posted(announced int, sent string) string {
	return fmt.Sprintf("POST /hooks/ci HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", announced, sent)
}

// A delivery without a signature, and one of an unknown source, are refused before a byte of
// their bodies is read.
func TestNothingIsReadOfAStranger(t *testing.T) {
	p := listen(t, withGitHub(t))
	for _, path := range []string{"/hooks/github", "/hooks/nobody", "/v1/events"} {
		r := httptest.NewRequest(http.MethodPost, path, unreadable{t})
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		r.Host = "localhost"
		w := httptest.NewRecorder()
		p.server.routes().ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
}

// Strangers fill no disk with the log, and are counted.
func TestStrangersFillNoLog(t *testing.T) {
	p := listen(t, withGitHub(t))
	for range 3 * unsignedBurst {
		if status, _, _ := p.ask(http.MethodPost, "/hooks/github", "{}", "Content-Type", "application/json"); status != http.StatusUnauthorized {
			t.Fatalf("answered with %d", status)
		}
	}
	if lines := strings.Count(p.log.String(), "delivery refused"); lines != unsignedBurst {
		t.Errorf("%d lines", lines)
	}
	if _, text, _ := p.ask(http.MethodGet, "/metrics", ""); !strings.Contains(text, fmt.Sprintf(`pushback_deliveries_total{source="github",outcome="refused"} %d`, 3*unsignedBurst)) {
		t.Error("they were not counted")
	}
}

type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) { u.t.Error("the body was read"); return 0, io.EOF }

// A body that stops coming, or comes too slowly, is answered and its connection ends.
func TestSlowBodiesEnd(t *testing.T) {
	strangers(t, func(t *testing.T, _ *Server, p *pipes) {
		stalled := p.connect(t, posted(100, "{"))
		began := time.Now()
		if status := answer(t, stalled); status != http.StatusRequestTimeout || time.Since(began) > bodyGrace+time.Second {
			t.Errorf("a stalled body is answered with %d after %s", status, time.Since(began))
		}
		trickles := p.connect(t, posted(1<<20, ""))
		go func() {
			for {
				if _, err := trickles.Write(make([]byte, bodyRate/20)); err != nil {
					return
				}
				time.Sleep(100 * time.Millisecond) // half of bodyRate
			}
		}()
		began = time.Now()
		if status := answer(t, trickles); status != http.StatusRequestTimeout || time.Since(began) > 3*bodyGrace {
			t.Errorf("a slow body is answered with %d after %s", status, time.Since(began))
		}
		slow := p.connect(t, posted(200<<10, ""))
		go func() {
			for range 20 {
				time.Sleep(500 * time.Millisecond) // longer than the grace in all
				_, _ = slow.Write(make([]byte, 10<<10))
			}
		}()
		if status := answer(t, slow); status != http.StatusCreated {
			t.Errorf("a body of 20 KiB a second is answered with %d", status)
		}
	})
}

// However many strangers stall, a delivery is taken at once, and their bodies hold no more
// than they may.
func TestStalledBodiesGiveWay(t *testing.T) {
	f := func(name string, many, size int) {
		t.Run(name, func(t *testing.T) {
			strangers(t, func(t *testing.T, s *Server, p *pipes) {
				for i := range many {
					p.connect(t, posted(maxBody, strings.Repeat(" ", size)))
					if i%100 == 0 {
						time.Sleep(mayBeDisplaced)
					}
				}
				time.Sleep(mayBeDisplaced)
				synctest.Wait()
				began := time.Now()
				for _, size := range []int{300, 200 << 10, maxBody} {
					if status := answer(t, p.connect(t, posted(size, strings.Repeat(" ", size)))); status != http.StatusCreated {
						t.Errorf("a delivery of %d bytes is answered with %d", size, status)
					}
				}
				if took := time.Since(began); took > 0 {
					t.Errorf("they took %s", took)
				}
				s.bodies.mu.Lock()
				defer s.bodies.mu.Unlock()
				if s.bodies.bytes > maxBytes || s.bodies.coming.Len() > maxBodies {
					t.Errorf("%d bodies hold %d bytes", s.bodies.coming.Len(), s.bodies.bytes)
				}
			})
		})
	}
	f("many", maxBodies+500, 1)
	f("large", 40, maxBody-1)
}

// Where everything is new, nobody is displaced, and the newest is told to come again.
func TestNewBodiesAreLeftAlone(t *testing.T) {
	strangers(t, func(t *testing.T, _ *Server, p *pipes) {
		for range maxBodies {
			p.connect(t, posted(100, "{"))
		}
		synctest.Wait()
		if status := answer(t, p.connect(t, posted(2, "{}"))); status != http.StatusServiceUnavailable {
			t.Errorf("one more is answered with %d", status)
		}
	})
}

// A body that needs no room does not pay for those that have taken it all, and one that found none
// gives back what it held at once, and not when its request ends.
func TestOnlyWhoNeedsRoomGivesUp(t *testing.T) {
	var all bodies
	enter := func() *incoming {
		b := &incoming{of: &all, control: http.NewResponseController(httptest.NewRecorder()), began: time.Now().Add(time.Hour)}
		if !all.enter(b) {
			t.Fatal("no place")
		}
		return b
	}
	f := func(name string, b *incoming, size int, want error) {
		t.Helper()
		if err := b.took(size, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	f("all the room", enter(), freeBytes+maxBytes, nil)
	small := enter()
	f("needs no room", small, freeBytes, nil)
	large := enter()
	f("finds no room", large, freeBytes+1, errDisplaced)
	if all.bytes != maxBytes || all.coming.Len() != 2 {
		t.Errorf("%d bodies hold %d bytes", all.coming.Len(), all.bytes)
	}
	all.bytes = maxBytes + 1 // as if another one had just been counted
	f("needs no room while there is none", enter(), freeBytes, nil)
}

// What a body held is given back, whatever became of it.
func TestBodiesGiveBackWhatTheyHeld(t *testing.T) {
	strangers(t, func(t *testing.T, s *Server, p *pipes) {
		for range 30 {
			p.connect(t, posted(maxBody, strings.Repeat(" ", maxBody/2)))
			time.Sleep(mayBeDisplaced)
		}
		gone := p.connect(t, posted(maxBody, strings.Repeat(" ", maxBody/2)))
		gone.Close()
		time.Sleep(time.Hour)
		synctest.Wait()
		s.bodies.mu.Lock()
		defer s.bodies.mu.Unlock()
		if s.bodies.bytes != 0 || s.bodies.coming.Len() != 0 {
			t.Errorf("%d bodies hold %d bytes", s.bodies.coming.Len(), s.bodies.bytes)
		}
	})
}

// Idle connections beyond the limit are closed, the oldest first.
func TestIdleConnectionsGiveWay(t *testing.T) {
	strangers(t, func(t *testing.T, _ *Server, p *pipes) {
		first := p.connect(t, "")
		for range maxConnections {
			p.connect(t, "")
		}
		synctest.Wait()
		if _, err := first.Write([]byte("G")); err == nil {
			t.Error("the oldest is still open")
		}
		if status := answer(t, p.connect(t, posted(2, "{}"))); status != http.StatusCreated {
			t.Errorf("a delivery is answered with %d", status)
		}
	})
}
