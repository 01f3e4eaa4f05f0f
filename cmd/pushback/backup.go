package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/store"
)

// backupCommand copies the database while the daemon runs.
type backupCommand struct {
	configFlag
	File  string `arg:"" type:"path" help:"The file to write."`
	Force bool   `help:"Replace the file if it is there."`
	JSON  bool   `help:"Write JSON, for programs."`
}

// Help says what a backup holds, and who may make one.
func (backupCommand) Help() string {
	return `Copies the SQLite database that pushback.yml names, as it is at one moment. The daemon
may run: it waits for nothing. Every event that was answered with 2xx before the
command began is in the backup. The copy is checked; the file appears when it is
whole, for its owner alone (0600).

It reads the database's file, so run it as the user that runs Pushback, or as root.
Whoever can read a backup can read every event, and the key of approval links.

The database is PostgreSQL's: use pg_dump, see docs/backup.md.

Examples:

  pushback backup /backups/pushback.db
  pushback backup --json --force /backups/pushback.db | jq .rows.events

Exit code 0: the backup is there and whole. 1: it is not there, and a file that was
there before is as it was. 2: pushback.yml has a mistake, or names PostgreSQL.`
}

// backupResult is what backup writes as JSON.
type backupResult struct {
	File string `json:"file"`
	store.Inventory
	Seconds float64 `json:"seconds"`
}

// Run makes the backup.
func (b backupCommand) Run(ctx context.Context, out terminal) error {
	url, err := b.storeURL()
	if err != nil {
		return err
	}
	progress, done := showProgress(os.Stderr)
	began := time.Now()
	inventory, err := store.Backup(ctx, url, b.File, b.Force, progress)
	done()
	if errors.Is(err, store.ErrNotSQLite) {
		return usageError(errors.New("the database is PostgreSQL's, and its own tool makes the backup\n" +
			"  hint: pg_dump --format=custom --file=FILE DATABASE, and after pg_restore: pushback restore --settle; see docs/backup.md"))
	}
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	if b.JSON {
		return out.printJSON(backupResult{b.File, inventory, time.Since(began).Seconds()})
	}
	fmt.Fprintf(out, "%s: %s\n  %s\n", out.paint(styleGood, "backed up"), b.File, inventoryWords(inventory))
	return nil
}

// storeURL is the database that pushback.yml names.
func (f configFlag) storeURL() (string, error) {
	c, err := f.load()
	if err != nil {
		return "", err
	}
	return c.StoreURL()
}

// inventoryWords say what a backup holds.
func inventoryWords(i store.Inventory) string {
	words := []string{fmt.Sprintf("%.1f MB, schema %d, whole", float64(i.Bytes)/1e6, i.Schema)}
	for _, table := range []string{"events", "changes", "watches", "orders", "journal"} {
		words = append(words, fmt.Sprintf("%s: %d", table, i.Rows[table]))
	}
	if !i.KnownTo.IsZero() {
		words = append(words, "the newest of "+i.KnownTo.Format(time.RFC3339))
	}
	return strings.Join(words, ", ")
}

// showProgress shows how far a long step is, on a terminal alone. done ends the line.
func showProgress(f *os.File) (progress store.Progress, done func()) {
	if !isTerminal(f) {
		return func(string, int64, int64) {}, func() {}
	}
	last := time.Now()
	progress = func(step string, n, all int64) {
		if all == 0 {
			fmt.Fprintf(f, "\r\x1b[K%s", step)
		} else if now := time.Now(); now.Sub(last) > 100*time.Millisecond || n == all {
			last = now
			fmt.Fprintf(f, "\r\x1b[K%s %d %%", step, 100*n/all)
		}
	}
	return progress, func() { fmt.Fprint(f, "\r\x1b[K") }
}
