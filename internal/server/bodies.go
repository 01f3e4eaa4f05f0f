package server

import (
	"container/list"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// Bodies come from strangers until somebody has looked at them. So they are bounded: how many
// are on their way, how much memory they hold, and how slowly they may come. Where there are
// too many, the one that has taken longest gives way, and never the newest: whoever stalls
// cannot keep others out.
//
// See adr/0093.
const (
	maxBodies      = 2000    // on their way at once
	freeBytes      = 4 << 10 // of each body, for which no room is needed; most deliveries are smaller
	maxBytes       = 4 << 20 // beyond that, of all bodies that are being read or used
	bodyGrace      = 5 * time.Second
	bodyRate       = 16 << 10               // bytes a second that a body must come with after the grace
	mayBeDisplaced = 100 * time.Millisecond // how long a body is left alone
)

// The ends of a body that did not come to its own.
var (
	errSlowBody  = errors.New("the body came too slowly")
	errDisplaced = errors.New("too many requests are on their way")
)

// bodies are those of all requests that are being read or used.
type bodies struct {
	mu     sync.Mutex
	coming list.List // of *incoming that have not ended, the oldest first
	bytes  int       // held beyond freeBytes
}

// incoming is the body of one request. It sets the read deadlines of its connection.
type incoming struct {
	io.ReadCloser
	of      *bodies
	control *http.ResponseController
	began   time.Time
	place   *list.Element // among those that are coming; nil: it has ended
	read    int
	failure error
}

// bounded bounds the body of every request, whatever reads it.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		b := &incoming{ReadCloser: r.Body, of: &s.bodies, control: http.NewResponseController(w), began: time.Now()}
		answer := &unread{ResponseWriter: w, body: b, http1: r.ProtoMajor == 1}
		if !s.bodies.enter(b) {
			writeProblem(answer, bodyProblem(b.failure))
			return
		}
		defer s.bodies.leave(b)
		r.Body = b
		next.ServeHTTP(answer, r)
		if r.ProtoMajor == 1 && !b.ended() && r.Header.Get("Expect") == "" {
			b.drain()
		}
	})
}

// drain throws away the rest of a body whose request is answered already. Otherwise the
// connection would be reset while the client still sends, and it would not see the answer.
func (b *incoming) drain() {
	_ = b.control.Flush()
	_, _ = io.Copy(io.Discard, io.LimitReader(b, maxBody))
}

// ended reports whether nothing more of the body is waited for.
func (b *incoming) ended() bool {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	return b.place == nil
}

// enter takes a new body, in the place of the oldest one if there are too many.
func (a *bodies) enter(b *incoming) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.coming.Len() >= maxBodies && !a.displaceOldest(b) {
		b.failure = errDisplaced
		return false
	}
	b.place = a.coming.PushBack(b)
	return true
}

// leave ends a body whose request was answered.
func (a *bodies) leave(b *incoming) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.release(b)
}

// release ends a body, and no longer counts what it held: nothing reads it any more.
func (a *bodies) release(b *incoming) {
	a.end(b)
	a.bytes -= b.held()
	b.read = 0
}

// end takes a body from those that are coming.
func (a *bodies) end(b *incoming) {
	if b.place != nil {
		a.coming.Remove(b.place)
		b.place = nil
	}
}

// displaceOldest ends the body that has taken longest, if it is not new.
func (a *bodies) displaceOldest(but *incoming) bool {
	front := a.coming.Front()
	if front == nil || front.Value == but {
		return false
	}
	b := front.Value.(*incoming)
	if time.Since(b.began) < mayBeDisplaced {
		return false
	}
	a.giveUp(b)
	_ = b.control.SetReadDeadline(time.Unix(1, 0)) // ends a read that waits
	return true
}

// giveUp ends a body for want of room.
func (a *bodies) giveUp(b *incoming) {
	b.failure = errDisplaced
	a.release(b)
}

// held is how many bytes count against maxBytes.
func (b *incoming) held() int { return max(0, b.read-freeBytes) }

// Read reads from the connection as long as there is room, and until the body is too slow.
func (b *incoming) Read(p []byte) (int, error) {
	if err := b.wait(); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	if took := b.took(n, err); took != nil {
		return 0, took
	}
	return n, err
}

// wait sets the deadline of the next read.
func (b *incoming) wait() error {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	if b.failure == nil && b.place != nil {
		_ = b.control.SetReadDeadline(b.began.Add(bodyGrace + time.Duration(b.read)*time.Second/bodyRate))
	}
	return b.failure
}

// took counts what was read, and makes room for it.
func (b *incoming) took(n int, err error) error {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	if b.failure == nil && errors.Is(err, os.ErrDeadlineExceeded) {
		b.failure = errSlowBody
	}
	if b.failure != nil {
		return b.failure
	}
	before := b.held()
	b.read += n
	b.of.bytes += b.held() - before
	for b.held() > before && b.of.bytes > maxBytes {
		if !b.of.displaceOldest(b) {
			b.of.giveUp(b)
			return b.failure
		}
	}
	if err != nil { // the end, or the client has gone: whoever uses the body may take its time
		b.of.end(b)
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return nil
}

// bodyProblem answers a body that did not come to its end.
func bodyProblem(err error) *api.Problem {
	switch {
	case errors.Is(err, errSlowBody):
		return problem(http.StatusRequestTimeout, err.Error(), "send at least 16 KiB a second")
	case errors.Is(err, errDisplaced):
		return problem(http.StatusServiceUnavailable, err.Error(), "send it again in a few seconds")
	}
	return problem(http.StatusBadRequest, "the body is incomplete", "")
}

// unread is the answer to a request whose body may not be read to its end. An error then ends
// the connection: net/http would wait for up to 256 KiB of the body before it answers.
type unread struct {
	http.ResponseWriter
	body  *incoming
	http1 bool
}

func (u *unread) WriteHeader(status int) {
	if status >= http.StatusBadRequest && u.http1 && !u.body.whole() {
		u.Header().Set("Connection", "close")
	}
	u.ResponseWriter.WriteHeader(status)
}

// whole reports whether the body was read to its end.
func (b *incoming) whole() bool {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	return b.place == nil && b.failure == nil
}

// Unwrap lets http.ResponseController reach the connection.
func (u *unread) Unwrap() http.ResponseWriter { return u.ResponseWriter }
