package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pushback/pushback/rollback/freezefile"
)

// freezeCommand stops all rollbacks. It only writes a file, so that it works while
// the daemon and the database are down.
type freezeCommand struct {
	configFlag
	JSON bool   `help:"Write JSON, for programs."`
	Why  string `default:"frozen from the command line" help:"Why; shown with every rollback that is refused."`
}

type unfreezeCommand struct {
	configFlag
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
on. A rollback that was sent to a hook already is not stopped.

Examples:

  pushback freeze --why "database migration until noon"
  pushback unfreeze`
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
	if err := freezefile.Write(path, f.Why); err != nil {
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
	frozen, _, _ := freezefile.Read(c.Guards.FreezeFile)
	if err := freezefile.Clear(c.Guards.FreezeFile); err != nil {
		return err
	}
	if u.JSON {
		return out.printJSON(freezeAnswer{Was: frozen, File: c.Guards.FreezeFile})
	}
	if !frozen {
		fmt.Fprintln(out, "was not frozen")
		return nil
	}
	fmt.Fprintln(out, "not frozen any more")
	return nil
}
