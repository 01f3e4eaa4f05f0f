package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pushback/pushback/rollback/freezefile"
)

// freezeCommand stops all rollbacks. It only writes a file, so that it works while
// the daemon and the database are down.
type freezeCommand struct {
	configFlag
	JSON bool   `help:"Write JSON, for programs."`
	Why  string `default:"frozen from the command line" help:"Why; shown with every rollback that is refused (default: ${default})."`
	As   string `help:"Who freezes; by default the user of this shell."`
}

// unfreezeCommand removes the file.
type unfreezeCommand struct {
	configFlag
	deciderFlags
	JSON bool `help:"Write JSON, for programs."`
}

// freezeAnswer is what --json writes.
type freezeAnswer struct {
	Frozen bool   `json:"frozen"`
	Was    bool   `json:"was"` // whether it was frozen before the command
	File   string `json:"file"`
	Why    string `json:"why,omitempty"`
}

// Help says what freezing does and does not do.
func (freezeCommand) Help() string {
	return `Nothing is rolled back while the file exists; watching, judging and notifying go
on. A rollback that was sent to a hook already is not stopped. Who froze, when and
why is in the journal within ten seconds, or once the daemon runs again.

Examples:

  pushback freeze --why "database migration until noon"
  pushback unfreeze`
}

// Help says that the journal records it.
func (unfreezeCommand) Help() string {
	return `Removes the freeze file. Who removed it, when and why is in the journal.

Example:

  pushback unfreeze --why "the migration is done"`
}

// Run writes the freeze file.
func (f freezeCommand) Run(out terminal) error {
	c, err := f.load()
	if err != nil {
		return err
	}
	path := c.Guards.FreezeFile
	was, _, _ := freezefile.Read(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("freezing: %w", err)
	}
	did := freezefile.Action{Frozen: true, Actor: deciderFlags{As: f.As}.actor(), Why: f.Why}
	if err := withAction(out, path, did, func() error { return freezefile.Write(path, f.Why) }); err != nil {
		return err
	}
	if f.JSON {
		return out.printJSON(freezeAnswer{Frozen: true, Was: was, File: path, Why: f.Why})
	}
	fmt.Fprintf(out, "frozen: nothing is rolled back while %s exists\n", path)
	return nil
}

// Run removes the freeze file.
func (u unfreezeCommand) Run(out terminal) error {
	c, err := u.load()
	if err != nil {
		return err
	}
	path := c.Guards.FreezeFile
	frozen, _, _ := freezefile.Read(path)
	if frozen {
		did := freezefile.Action{Actor: u.actor(), Why: u.Why}
		err = withAction(out, path, did, func() error { return freezefile.Clear(path) })
	}
	if err != nil {
		return err
	}
	if u.JSON {
		return out.printJSON(freezeAnswer{Was: frozen, File: path, Why: u.Why})
	}
	if !frozen {
		fmt.Fprintln(out, "was not frozen")
		return nil
	}
	fmt.Fprintln(out, "not frozen any more")
	return nil
}

// withAction leaves beside the freeze file who does something to it, and then does it. To
// freeze is more important than to record it: where the record fails, a warning says so.
func withAction(out terminal, path string, did freezefile.Action, do func() error) error {
	did.At = time.Now().UTC()
	did, unrecorded := freezefile.Record(path, did)
	if err := do(); err != nil {
		if unrecorded == nil {
			unrecorded = freezefile.Forget(path, did) // it did not happen
		}
		return errors.Join(err, unrecorded)
	}
	if unrecorded != nil {
		fmt.Fprintf(out.warnings, "pushback: the journal will not say who did it: %v\n", unrecorded)
	}
	return nil
}
