package freezefile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pushback/pushback/internal/boundedfile"
)

// A freeze may have an end. The end is a file of its own beside the freeze file, which names the freeze file that it is
// for by its time of modification and its reason, because times of files advance in steps of some milliseconds: whoever
// writes the freeze file by other means makes one without an end. While the end cannot be read, or is for another file,
// acting stays frozen.
//
// See adr/0133.

// Done is what Freeze and Unfreeze came to.
type Done struct {
	Was        bool  // it was frozen before
	Unrecorded error // why nobody will be able to say who did it; nil: the action is beside the file
}

// Freeze writes the freeze file in the name of the action's actor, with an end unless it is zero. To freeze is more
// important than to record who did, and until when: what fails after the file is there is only told.
func Freeze(path string, a Action, end time.Time) (Done, error) {
	was, _, _ := Read(path)
	a.Frozen = true
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return Done{Was: was}, fmt.Errorf("making the folder of the freeze file: %w", err)
	}
	done, err := recorded(path, a, func() error {
		// An end that stayed would be of an earlier freeze.
		return errors.Join(Write(path, a.Why), removeEnd(path))
	})
	done.Was = was
	if err != nil || end.IsZero() {
		return done, err
	}
	return done, writeEnd(path, end)
}

// Unfreeze removes the freeze file in the name of the action's actor. Done.Was is false where there was none.
func Unfreeze(path string, a Action) (Done, error) {
	was, _, _ := Read(path)
	if !was {
		return Done{}, nil
	}
	a.Frozen = false
	done, err := recorded(path, a, func() error { return Clear(path) })
	done.Was = true
	if err == nil {
		err = removeEnd(path)
	}
	return done, err
}

// fileActor is the actor of what nobody did: the time of a freeze was over, or something else than Pushback wrote
// or removed the freeze file.
const fileActor = "freeze file"

// EndIfOver removes the freeze file if its time is over. It looks once more right before it does, so that it does
// not take away a freeze that somebody has just made anew.
func EndIfOver(path string, now time.Time) (ended bool, err error) {
	s, err := Look(path)
	if err != nil || s.Until.IsZero() || now.Before(s.Until) {
		return false, err
	}
	_, err = recorded(path, Action{At: now, Actor: fileActor, Why: "its time was over: " + s.Why}, func() error {
		if again, err := Look(path); err != nil || !again.Until.Equal(s.Until) {
			return errors.Join(errors.New("the freeze file has changed"), err)
		}
		return Clear(path)
	})
	if err != nil {
		return false, fmt.Errorf("ending a freeze whose time is over: %w", err)
	}
	return true, removeEnd(path)
}

// recorded leaves beside the freeze file who does something to it, and then does it. The action of what failed is
// taken back.
func recorded(path string, a Action, do func() error) (Done, error) {
	a, unrecorded := Record(path, a)
	if err := do(); err != nil {
		if unrecorded == nil {
			unrecorded = Forget(path, a)
		}
		return Done{}, errors.Join(err, unrecorded)
	}
	return Done{Unrecorded: unrecorded}, nil
}

// freezeEnd is what the file beside the freeze file says.
type freezeEnd struct {
	Until    time.Time `json:"until"`
	Modified time.Time `json:"modified"` // of the freeze file that it ends
	Why      string    `json:"why"`      // in that file
}

const (
	endSuffix = ".until"
	maxEnd    = 512 + 6*maxReason // bytes: a byte of the reason takes six at most
)

func writeEnd(path string, end time.Time) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("writing when the freeze ends: %w", err)
	}
	_, why, err := Read(path)
	if err != nil {
		return fmt.Errorf("writing when the freeze ends: %w", err)
	}
	text, err := json.Marshal(freezeEnd{Until: end.UTC(), Modified: info.ModTime().UTC(), Why: why})
	if err == nil {
		err = replace(path+endSuffix, string(text)+"\n")
	}
	if err != nil {
		return fmt.Errorf("acting is frozen, but without an end: writing when the freeze ends: %w", err)
	}
	return nil
}

func removeEnd(path string) error {
	if err := os.Remove(path + endSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing when the freeze ends: %w", err)
	}
	return nil
}

// State is what the freeze file and the file of its end say.
type State struct {
	Frozen bool
	Why    string
	Since  time.Time // when the file was last written; zero where nobody can tell
	Until  time.Time // when it ends by itself; zero: it does not
}

// Look reads the state for people. Read is what decides: it needs one file only.
func Look(path string) (State, error) {
	frozen, why, err := Read(path)
	s := State{Frozen: frozen, Why: why}
	if !frozen || err != nil {
		return s, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return s, fmt.Errorf("reading when acting was frozen: %w", err)
	}
	s.Since = info.ModTime().UTC()
	text, err := boundedfile.Read(path+endSuffix, maxEnd)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	var end freezeEnd
	if err == nil {
		err = json.Unmarshal(text, &end)
	}
	if err != nil {
		return s, fmt.Errorf("reading when the freeze ends; it stays until it is lifted: %w", err)
	}
	if end.Modified.Equal(s.Since) && end.Why == s.Why {
		s.Until = end.Until
	}
	return s, nil
}
