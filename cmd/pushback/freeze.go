package main

import (
	"fmt"
	"time"

	"github.com/pushback/pushback/rollback/freezefile"
)

// freezeCommand stops all rollbacks. It only writes a file, so that it works while
// the daemon and the database are down.
type freezeCommand struct {
	configFlag
	JSON bool          `help:"Write JSON, for programs."`
	For  time.Duration `placeholder:"2h" help:"How long; by default until it is lifted. The daemon ends it."`
	Why  string        `default:"frozen from the command line" help:"Why; shown with every rollback that is refused (default: ${default})."`
	As   string        `help:"Who freezes; by default the user of this shell."`
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

	Until time.Time `json:"until,omitzero"` // when it ends by itself
}

// Help says what freezing does and does not do.
func (freezeCommand) Help() string {
	return `Nothing is rolled back while the file exists; watching, judging and notifying go
on. A rollback that was sent to a hook already is not stopped. Who froze, when and
why is in the journal within ten seconds, or once the daemon runs again.

Examples:

  pushback freeze --why "database migration" --for 2h
  pushback freeze --why "until we know more"
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
	if f.For < 0 {
		return usageError(fmt.Errorf("--for must not be negative: write a duration such as 2h"))
	}
	path, now, end := c.Guards.FreezeFile, time.Now().UTC(), time.Time{}
	if f.For > 0 {
		end = now.Add(f.For)
	}
	done, err := freezefile.Freeze(path, freezefile.Action{At: now, Actor: deciderFlags{As: f.As}.actor(), Why: f.Why}, end)
	if err != nil {
		return err
	}
	warnUnrecorded(out, done)
	if f.JSON {
		return out.printJSON(freezeAnswer{Frozen: true, Was: done.Was, File: path, Why: f.Why, Until: end})
	}
	fmt.Fprintf(out, "frozen: nothing is rolled back while %s exists\n", path)
	if f.For > 0 {
		fmt.Fprintf(out, "the daemon lifts it at %s\n", end.Local().Format(time.DateTime))
	}
	return nil
}

// Run removes the freeze file.
func (u unfreezeCommand) Run(out terminal) error {
	c, err := u.load()
	if err != nil {
		return err
	}
	path := c.Guards.FreezeFile
	done, err := freezefile.Unfreeze(path, freezefile.Action{At: time.Now().UTC(), Actor: u.actor(), Why: u.Why})
	if err != nil {
		return err
	}
	warnUnrecorded(out, done)
	if u.JSON {
		return out.printJSON(freezeAnswer{Was: done.Was, File: path, Why: u.Why})
	}
	if !done.Was {
		fmt.Fprintln(out, "was not frozen")
		return nil
	}
	fmt.Fprintln(out, "not frozen any more")
	return nil
}

// warnUnrecorded says that nobody will be able to say who froze or unfroze.
func warnUnrecorded(out terminal, done freezefile.Done) {
	if done.Unrecorded != nil {
		fmt.Fprintf(out.warnings, "pushback: the journal will not say who did it: %v\n", done.Unrecorded)
	}
}
