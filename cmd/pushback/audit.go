package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/pushback/pushback/internal/audit"
	"github.com/pushback/pushback/internal/store"
)

type auditCommand struct {
	Export auditExportCommand `cmd:"" help:"Write the record of every decision, one JSON object per line."`
	Verify auditVerifyCommand `cmd:"" help:"Check that an exported record is complete and unaltered."`
}

// Help shows the way from the export to the check.
func (auditCommand) Help() string {
	return `Example:

  pushback audit export > record.jsonl && pushback audit verify record.jsonl`
}

// auditExportCommand reads the journal from the database; the daemon may run or not.
type auditExportCommand struct {
	configFlag
	Since moment `placeholder:"TIME" help:"From this moment on: RFC 3339, a date, or how long ago (24h, 7d)."`
	Until moment `placeholder:"TIME" help:"Before this moment, in the same forms."`
}

// Help describes the lines of the record.
func (auditExportCommand) Help() string {
	return `Writes every decision with its reasons: the rule's text at that time, the verdict
and its observation, the result of every guard, the request to the hook and its
answer, and who decided. Entries are only ever added, and each entry's hash covers
the entry before it, so that a removed or altered entry is found by
"pushback audit verify". The profiles that verdicts were judged by are written once
each, as lines of their own, so that "pushback replay --from" can judge every
verdict again without the database.

It reads the database that pushback.yml names; the daemon may run or not.

Examples:

  pushback audit export --since 7d > week.jsonl
  pushback audit export --since 2026-11-01 --until 2026-12-01 | gzip > november.jsonl.gz
  pushback audit export | jq -r 'select(.action == "order") | [.at, .actor, .detail.to] | @tsv'

Exit code 0 when the record is whole, 1 when the chain of hashes is broken. The
lines are written in both cases.`
}

// Run writes what audit.Export writes.
func (a auditExportCommand) Run(ctx context.Context, out terminal) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	url, err := c.StoreURL()
	if err != nil {
		return err
	}
	st, err := store.OpenReadOnly(ctx, url)
	if err != nil {
		return fmt.Errorf("opening Pushback's database: %w", err)
	}
	record, err := audit.Export(ctx, out, st, time.Time(a.Since), time.Time(a.Until))
	return errors.Join(err, st.Close(), record.Broken())
}

// auditVerifyCommand checks the chain of hashes in an exported file.
type auditVerifyCommand struct {
	File string `arg:"" type:"existingfile" help:"The exported record; - for standard input."`
	JSON bool   `help:"Write JSON, for programs."`
}

// Help says what a check finds, and what it cannot find.
func (auditVerifyCommand) Help() string {
	return `Finds lines that are missing, altered or in another order. It cannot find that
the end was cut off, or that the whole chain was written again: store the last
hash somewhere else, and compare.

Example:

  pushback audit export > record.jsonl && pushback audit verify record.jsonl

Exit code 0 when the record is whole, 1 when it is not, 2 when the file is no record.`
}

// auditSummary is what verify found.
type auditSummary struct {
	Whole    bool      `json:"whole"`
	Entries  int       `json:"entries"`
	Profiles int       `json:"profiles,omitempty"`
	First    int64     `json:"first,omitempty"`
	Last     int64     `json:"last,omitempty"`
	At       time.Time `json:"at,omitzero"`       // of the last entry
	Hash     string    `json:"hash,omitempty"`    // of the last entry
	Deleted  int64     `json:"deleted,omitempty"` // up to which entry they were deleted because of their age
	Broken   string    `json:"broken,omitempty"`
}

// Run reads the lines one by one.
func (v auditVerifyCommand) Run(out terminal) error {
	f, err := openRecord(v.File)
	if err != nil {
		return usageError(err)
	}
	defer f.Close()
	record, err := audit.Read(f, audit.Visitor{})
	if err != nil {
		return usageError(fmt.Errorf("%s: %w", v.File, err))
	}
	if v.JSON {
		err = out.printJSON(summaryOf(record))
	} else {
		printRecord(out, record)
	}
	return errors.Join(err, record.Broken())
}

// openRecord opens an exported record; - is standard input.
func openRecord(path string) (*os.File, error) {
	if path == "-" {
		return os.Stdin, nil
	}
	return os.Open(path)
}

func summaryOf(c *audit.Chain) auditSummary {
	s := auditSummary{
		Whole: c.Fault == "", Entries: c.Entries, Profiles: c.Profiles, First: c.First.Seq, Last: c.Last.Seq,
		At: c.Last.At, Hash: c.Last.Hash, Broken: c.Fault,
	}
	if c.Deleted != nil {
		s.Deleted = c.Deleted.Through
	}
	return s
}

func printRecord(out terminal, c *audit.Chain) {
	if c.Fault != "" {
		return // Broken returns the fault as an error, which main prints
	}
	fmt.Fprintf(out, "%s: %d entries", out.paint(styleGood, "whole"), c.Entries)
	if c.Entries > 0 {
		fmt.Fprintf(out, ", %d to %d, the last at %s\n  %s", c.First.Seq, c.Last.Seq, c.Last.At.UTC().Format(time.RFC3339), c.Last.Hash)
	}
	fmt.Fprintln(out)
	if c.Deleted != nil {
		fmt.Fprintf(out, "  up to entry %d deleted because of their age, before %s\n", c.Deleted.Through, c.Deleted.Before.Format(time.DateOnly))
	}
	if c.Profiles > 0 {
		fmt.Fprintf(out, "  %s, unaltered\n", counted(c.Profiles, "profile"))
	}
}
