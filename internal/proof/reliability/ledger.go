package reliability

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// ledger is a file of JSON lines. A line is on disk when write returns.
type ledger struct {
	mu   sync.Mutex
	file *os.File
}

func openLedger(path string) (*ledger, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening a ledger: %w", err)
	}
	return &ledger{file: f}, nil
}

func (l *ledger) write(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing into %s: %w", l.file.Name(), err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing into a ledger: %w", err)
	}
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("syncing a ledger: %w", err)
	}
	return nil
}

// readLedger reads all lines that are written.
func readLedger[T any](path string) (all []T, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a ledger: %w", err)
	}
	// Other lanes may be writing a line, which is not whole yet.
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	for line := range bytes.Lines(whole) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		all = append(all, v)
	}
	return all, nil
}
