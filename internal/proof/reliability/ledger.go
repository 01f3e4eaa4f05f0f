package reliability

import (
	"bufio"
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

// readLedger reads all lines.
func readLedger[T any](path string) (all []T, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a ledger: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		all = append(all, v)
	}
	return all, lines.Err()
}
