package server

import (
	"fmt"
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
	// The server's read timeout would end the stream with the request it
	// came by.
	_ = c.SetReadDeadline(time.Time{})
	fmt.Fprint(w, "retry: 3000\n\n")
	if c.Flush() != nil {
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
		_ = c.SetWriteDeadline(time.Now().Add(pulse))
		if _, err := fmt.Fprint(w, line); err != nil || c.Flush() != nil {
			return
		}
	}
}
