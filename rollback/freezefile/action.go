package freezefile

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/boundedfile"
	"github.com/pushback/pushback/sources"
)

// Action is one freeze or unfreeze, as the command line did it. The daemon looks at the
// freeze file only every few seconds, and nothing in the file says who removed it. So
// whoever writes or removes the freeze file first leaves an action beside it, which the
// daemon writes into the journal and deletes. That needs no daemon either.
type Action struct {
	ID     string    `json:"-"` // the name of the action's file, which no two actions share
	At     time.Time `json:"at"`
	Frozen bool      `json:"frozen"` // what it was about to do: write the freeze file or remove it
	Actor  string    `json:"actor"`
	Why    string    `json:"why,omitempty"`
}

const (
	actionInfix  = ".action-"
	maxAction    = 4096 // bytes of one action's file
	maxActions   = 500  // read at once; the next call reads the rest
	actionPrefix = "%016d-%s"
)

// Record leaves an action beside the freeze file at path, and returns it with its ID.
func Record(path string, a Action) (Action, error) {
	a.ID = filepath.Base(path) + actionInfix + fmt.Sprintf(actionPrefix, a.At.UnixMicro(), strings.ToLower(rand.Text()[:8]))
	a.Why = sources.OneLine(a.Why, maxReason)
	text, err := json.Marshal(a)
	if err != nil {
		return a, fmt.Errorf("recording who froze or unfroze: %w", err)
	}
	if err := replace(filepath.Join(filepath.Dir(path), a.ID), string(text)+"\n"); err != nil {
		return a, fmt.Errorf("recording who froze or unfroze: %w", err)
	}
	return a, nil
}

// Actions returns the actions beside the freeze file at path, oldest first. An action that
// cannot be read is left out, and the error names it.
func Actions(path string) (all []Action, err error) {
	files, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading who froze and unfroze: %w", err)
	}
	var failures error
	for _, file := range files { // os.ReadDir sorts them by name, and so by time
		if !strings.HasPrefix(file.Name(), filepath.Base(path)+actionInfix) || len(all) == maxActions {
			continue
		}
		a, err := readAction(filepath.Join(filepath.Dir(path), file.Name()))
		if err != nil {
			failures = errors.Join(failures, fmt.Errorf("reading who froze or unfroze: %w", err))
			continue
		}
		all = append(all, a)
	}
	return all, failures
}

// readAction reads one action. Its texts are cleaned again: the file may be of anybody's making.
func readAction(path string) (Action, error) {
	text, err := boundedfile.Read(path, maxAction)
	if err != nil {
		return Action{}, err
	}
	a := Action{}
	if err := json.Unmarshal(text, &a); err != nil {
		return Action{}, fmt.Errorf("%s is not an action: %w", path, err)
	}
	a.ID = filepath.Base(path)
	a.Actor, a.Why = sources.OneLine(a.Actor, sources.MaxName), sources.OneLine(a.Why, maxReason)
	return a, nil
}

// Forget deletes an action that is in the journal. It is no error if it is gone.
func Forget(path string, a Action) error {
	err := os.Remove(filepath.Join(filepath.Dir(path), a.ID))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("deleting the record of who froze or unfroze: %w", err)
	}
	return nil
}
