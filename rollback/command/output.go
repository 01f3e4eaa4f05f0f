package command

import (
	"sync"

	"github.com/pushback/pushback/rollback"
)

// head keeps the first bytes written to it and lets the rest pass, so that a
// talkative program is neither kept in memory nor blocked on a full pipe.
type head struct {
	limit int
	mu    sync.Mutex
	kept  []byte
}

// Write never fails and always takes everything.
func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = append(h.kept, p[:min(len(p), h.limit-len(h.kept))]...)
	return len(p), nil
}

// String is what was kept, fit for a Receipt.
func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return rollback.Output(string(h.kept))
}
