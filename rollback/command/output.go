package command

import (
	"sync"

	"github.com/pushback/pushback/rollback"
)

// boundedOutput stores the first bytes that are written to it and drops the rest, so
// that the output of a program neither fills the memory nor blocks the program.
type boundedOutput struct {
	limit int
	mu    sync.Mutex
	bytes []byte
}

// Write never fails and accepts all of p.
func (b *boundedOutput) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes = append(b.bytes, p[:min(len(p), b.limit-len(b.bytes))]...)
	return len(p), nil
}

// String returns the stored output, cleaned for a receipt.
func (b *boundedOutput) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return rollback.Output(string(b.bytes))
}
