package main

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/internal/store"
)

// downgradeCommand takes the database back to the schema of an older version.
type downgradeCommand struct {
	configFlag
	To   int64 `required:"" placeholder:"SCHEMA" help:"The newest schema that the older version knows; its error names it."`
	JSON bool  `help:"Write JSON, for programs."`
}

// Help says when the command is needed.
func (downgradeCommand) Help() string {
	return `Takes the database back to the schema of an older version, with everything in it. Run
it with the newer version, after stopping the daemon and before installing the older
one. Features of the newer version lose what they stored. A SQLite file is copied first.

See docs/upgrade.md.

Example:

  systemctl stop pushback && pushback downgrade --to 23

Exit code 0: done. 1: it was not, and the database is as it was.`
}

// downgradeResult is what downgrade writes as JSON.
type downgradeResult struct {
	From int64  `json:"from"`
	To   int64  `json:"to"`
	Copy string `json:"copy,omitempty"`
}

// Run takes the database back.
func (d downgradeCommand) Run(ctx context.Context, out terminal) error {
	url, err := d.storeURL()
	if err != nil {
		return err
	}
	from, copied, err := store.Downgrade(ctx, url, d.To)
	if err != nil {
		return fmt.Errorf("not taken back: %w", err)
	}
	if d.JSON {
		return out.printJSON(downgradeResult{from, d.To, copied})
	}
	fmt.Fprintf(out, "%s: the database went from schema %d to %d\n", out.paint(styleGood, "taken back"), from, d.To)
	if copied != "" {
		fmt.Fprintf(out, "  as it was before, it is kept as %s\n", copied)
	}
	fmt.Fprintln(out, "Start the older version now: this one would migrate the database again.")
	return nil
}
