package server

import (
	"io"
	"net/http"
	"time"
)

// pulse is how often a quiet stream says that it lives: proxies close what is
// silent for a minute.
const pulse = 20 * time.Second

// stream tells by server-sent events the key of every change that moved. It
// carries no more than keys: whoever wants to know asks, and so sees nothing
// here that the API would not show them.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	if s.Subscribe == nil {
		writeProblem(w, problem(http.StatusNotFound, "this server has no stream", ""))
		return
	}
	keys, unsubscribe := s.Subscribe()
	defer unsubscribe()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	c := http.NewResponseController(w)
	// The server's timeouts are for requests that end: reading has no limit
	// here, and every write has its own.
	_ = c.SetReadDeadline(time.Time{})
	if say(w, c, "retry: 3000\n\n") != nil {
		return
	}
	follow(w, r, c, keys)
}

func follow(w http.ResponseWriter, r *http.Request, c *http.ResponseController, keys <-chan string) {
	stop, _ := r.Context().Value(stopping{}).(<-chan struct{})
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	for {
		line := ": alive\n\n"
		select {
		case key := <-keys:
			line = "event: change\ndata: " + key + "\n\n"
		case <-beat.C:
		case <-stop:
			return
		case <-r.Context().Done():
			return
		}
		if say(w, c, line) != nil {
			return
		}
	}
}

// say writes one message. The deadline lies beyond the next pulse, because
// HTTP/2 ends a stream whose deadline passes even while nothing is written.
func say(w http.ResponseWriter, c *http.ResponseController, line string) error {
	_ = c.SetWriteDeadline(time.Now().Add(3 * pulse))
	if _, err := io.WriteString(w, line); err != nil {
		return err
	}
	return c.Flush()
}
