package server

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// heartbeat is how often a stream without news writes a comment, because proxies
// close connections that are silent for a minute.
const heartbeat = 20 * time.Second

// stream sends the key of every change that moved, and the path of a page whose state moved, as server-sent events: with ?change= of that one alone,
// and with ?looks=no not after looks that leave a list of changes as it is. It
// sends no more than keys, so that a client reads the change itself through the API,
// which checks what it may see.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	if s.Subscribe == nil {
		writeProblem(w, problem(http.StatusNotFound, "this server has no stream", ""))
		return
	}
	only, looks := r.URL.Query().Get("change"), r.URL.Query().Get("looks") != "no"
	keys, unsubscribe := s.Subscribe(func(key string, look bool) bool { return (only == "" || key == only) && (looks || !look) })
	defer unsubscribe()
	w.Header().Set("Content-Type", "text/event-stream")
	c := http.NewResponseController(w)
	// The server's timeouts are for requests that end. The stream has no deadline
	// for reading, and sets one for every write.
	_ = c.SetReadDeadline(time.Time{})
	if writeMessage(w, c, "retry: 3000\n\n") != nil {
		return
	}
	s.sendKeys(w, r, c, keys)
}

// sendKeys writes keys as they come, until the client goes or the server stops. It asks
// before every message whether the client may still read, because the browser may have
// signed out, or the token may have been removed.
func (s *Server) sendKeys(w http.ResponseWriter, r *http.Request, c *http.ResponseController, keys <-chan string) {
	stop, _ := r.Context().Value(stopping{}).(<-chan struct{})
	r = askedAnew(r)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		line := ": alive\n\n"
		select {
		case key := <-keys:
			line = eventOf(key)
		case <-beat.C:
		case <-stop:
			return
		case <-r.Context().Done():
			return
		}
		if !s.mayRead(r) || writeMessage(w, c, line) != nil {
			return
		}
	}
}

// eventOf is the event of a change that moved, or of a page whose state moved that is no change's: "/holds".
func eventOf(key string) string {
	if strings.HasPrefix(key, "/") {
		return "event: page\ndata: " + key + "\n\n"
	}
	return "event: change\ndata: " + key + "\n\n"
}

// writeMessage writes one message. Its deadline is later than the next heartbeat,
// because HTTP/2 ends a stream whose deadline passes, even while nothing is written.
func writeMessage(w http.ResponseWriter, c *http.ResponseController, line string) error {
	_ = c.SetWriteDeadline(time.Now().Add(3 * heartbeat))
	if _, err := io.WriteString(w, line); err != nil {
		return err
	}
	return c.Flush()
}
