package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// restoreCommand puts a backup in the place of the database.
type restoreCommand struct {
	configFlag
	deciderFlags
	File   string `arg:"" optional:"" type:"path" help:"The backup."`
	Settle bool   `help:"The database was put in place by another tool, such as pg_restore: only end what may have been sent since."`
	JSON   bool   `help:"Write JSON, for programs."`
}

// Help says what a restore ends, and why.
func (restoreCommand) Help() string {
	return `Puts a backup in the place of the SQLite database that pushback.yml names. Stop the
daemon first; the command refuses to work while it runs. The backup is copied, checked
and brought to this version's schema before it takes its place; the old database is kept
beside it. If the command is killed, the database is as it was, or restored.

What happened after the backup is forgotten, so a restored database sends nothing that
may have been sent: rollbacks that had not ended in the backup are ended (expired, or
unknown), messages in it are not sent, people who signed in sign in again. The operators
are paged with a list. Later, a person is asked where a rollback could be a second one.
See docs/backup.md.

Examples:

  systemctl stop pushback && pushback restore /backups/pushback.db && systemctl start pushback
  pg_restore --clean --if-exists --dbname=pushback pushback.dump && pushback restore --settle

Exit code 0: restored. 1: it is not, and the database is as it was. 2: the command line
or pushback.yml has a mistake, or the database is PostgreSQL's and --settle is missing.`
}

// restoreResult is what restore writes as JSON.
type restoreResult struct {
	File          string           `json:"file,omitempty"`
	Backup        *store.Inventory `json:"backup,omitempty"`
	Kept          string           `json:"kept,omitempty"`
	EndedOrders   []endedOrder     `json:"ended_orders"`
	EndedMessages int64            `json:"ended_messages"`
	Paged         []string         `json:"paged"` // the receivers that get the list when the daemon starts
}

type endedOrder struct {
	Key     string         `json:"key"`
	Service string         `json:"service"`
	Version string         `json:"version"`
	State   rollback.State `json:"state"`
}

// Run restores, and shows what was ended.
func (r restoreCommand) Run(ctx context.Context, out terminal) error {
	if (r.File == "") != r.Settle {
		return usageError(errors.New("name the backup, or --settle after another tool has restored the database\n  hint: pushback restore --help"))
	}
	c, err := r.load()
	if err != nil {
		return err
	}
	url, err := c.StoreURL()
	if err != nil {
		return err
	}
	result, err := r.restore(ctx, url, c)
	if errors.Is(err, store.ErrNotSQLite) {
		return usageError(errors.New("the database is PostgreSQL's, and its own tool restores it\n  hint: pg_restore, then: pushback restore --settle; see docs/backup.md"))
	}
	if err != nil {
		return fmt.Errorf("not restored: %w", err)
	}
	if r.JSON {
		return out.printJSON(result)
	}
	printRestore(out, result)
	return nil
}

func (r restoreCommand) restore(ctx context.Context, url string, c config.Config) (restoreResult, error) {
	operators := daemon.CatalogueConfig(c.Services).DefaultReceiver()
	settling := r.settling(operators, cmp.Or(c.ExternalURL, "http://"+c.Listen))
	if r.Settle {
		ended, err := store.SettleRestored(ctx, url, settling)
		return restoreResultOf(store.RestoreResult{Ended: ended}, operators), err
	}
	progress, done := showProgress(os.Stderr)
	defer done()
	restored, err := store.Restore(ctx, url, r.File, settling, progress)
	result := restoreResultOf(restored, operators)
	result.File, result.Backup = r.File, &restored.Backup
	return result, err
}

// settling writes the words of a restore. The operators' default receiver gets the page; where
// there is none, everybody who was told of a rollback that was ended.
func (r restoreCommand) settling(operators, externalURL string) store.Settling {
	now, text := time.Now().UTC(), messages.Composer{ExternalURL: externalURL}
	return store.Settling{
		At: now, Actor: r.actor(), Source: sources.OneLine(sourceName(r.File), sources.MaxName),
		Order: func(o rollback.Order) notify.Message { return text.OrderRestored(o, now) },
		Page: func(e store.Ended) []store.Outgoing {
			page := text.Restored(messages.Restore{At: now, KnownTo: e.KnownTo, Actor: r.actor(), Orders: e.Orders, Messages: e.Messages})
			return store.Messages(page.Key, "", pagedOf(operators, e.Orders), page, now)
		},
	}
}

// sourceName is the backup's name without its folder, for the journal.
func sourceName(file string) string {
	if file == "" {
		return "another tool"
	}
	return filepath.Base(file)
}

func pagedOf(operators string, orders []rollback.Order) []string {
	receivers := []string{}
	if operators != "" {
		return append(receivers, operators)
	}
	for _, o := range orders {
		receivers = append(receivers, o.Receivers...)
	}
	slices.Sort(receivers)
	return slices.Compact(receivers)
}

func restoreResultOf(r store.RestoreResult, operators string) restoreResult {
	result := restoreResult{Kept: r.Kept, EndedOrders: []endedOrder{}, EndedMessages: r.Ended.Messages, Paged: pagedOf(operators, r.Ended.Orders)}
	for _, o := range r.Ended.Orders {
		result.EndedOrders = append(result.EndedOrders, endedOrder{o.Key, o.Change.Service, o.Change.Version, o.State})
	}
	return result
}

func printRestore(out terminal, r restoreResult) {
	what := "settled"
	if r.Backup != nil {
		what = "restored from " + r.File
	}
	fmt.Fprintln(out, out.paint(styleGood, what))
	if r.Backup != nil {
		fmt.Fprintf(out, "  %s\n", inventoryWords(*r.Backup))
	}
	if r.Kept != "" {
		fmt.Fprintf(out, "  the old database is kept as %s\n", r.Kept)
	}
	fmt.Fprintf(out, "  ended, because nobody can tell what became of it since: %s, %s\n", counted(len(r.EndedOrders), "rollback"), counted(int(r.EndedMessages), "message"))
	for _, o := range r.EndedOrders {
		fmt.Fprintf(out, "    %s of %s %s: find out which version is live (%s)\n", out.paint(styleDoubt, string(o.State)), o.Service, o.Version, o.Key)
	}
	fmt.Fprintf(out, "Start the daemon. This list is sent to: %s\n", cmp.Or(strings.Join(r.Paged, ", "), "nobody, because services.default of pushback.yml names no receiver"))
}
