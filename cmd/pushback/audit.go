package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

type auditCommand struct {
	Export auditExportCommand `cmd:"" help:"Write the record of every decision, one JSON object per line."`
	Verify auditVerifyCommand `cmd:"" help:"Check that an exported record is complete and unaltered."`
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
"pushback audit verify".

It reads the database that pushback.yml names; the daemon may run or not.

Examples:

  pushback audit export --since 7d > week.jsonl
  pushback audit export --since 2026-11-01 --until 2026-12-01 | gzip > november.jsonl.gz
  pushback audit export | jq -r 'select(.action == "order") | [.at, .actor, .detail.to] | @tsv'

Exit code 0 when the record is whole, 1 when the chain of hashes is broken. The
lines are written in both cases.`
}

// Run writes the entries one by one, so that a long journal needs little memory.
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
	lines := bufio.NewWriter(out)
	encode := json.NewEncoder(lines)
	record := chain{}
	err = st.Audit(ctx, time.Time(a.Since), time.Time(a.Until), func(e store.Entry) error {
		record.add(e)
		return encode.Encode(auditedEntry(e))
	})
	return errors.Join(err, lines.Flush(), st.Close(), record.broken())
}

func auditedEntry(e store.Entry) api.AuditEntry {
	return api.AuditEntry{
		Entry:  api.Entry{Seq: e.Seq, At: e.At, Actor: e.Actor, Action: e.Action, Detail: e.Detail},
		Change: e.ChangeKey, Prev: e.Prev, Hash: e.Hash,
	}
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
	Whole   bool      `json:"whole"`
	Entries int       `json:"entries"`
	First   int64     `json:"first,omitempty"`
	Last    int64     `json:"last,omitempty"`
	At      time.Time `json:"at,omitzero"`    // of the last entry
	Hash    string    `json:"hash,omitempty"` // of the last entry
	Broken  string    `json:"broken,omitempty"`
}

// maxLine bounds one line of a record in bytes: a verdict with its observation,
// and up to 64 KiB of a hook's output.
const maxLine = 32 << 20

// Run reads the lines one by one.
func (v auditVerifyCommand) Run(out terminal) error {
	f := os.Stdin
	if v.File != "-" {
		var err error
		if f, err = os.Open(v.File); err != nil {
			return usageError(err)
		}
		defer f.Close()
	}
	record, err := readRecord(f)
	if err != nil {
		return usageError(fmt.Errorf("%s: %w", v.File, err))
	}
	if v.JSON {
		err = out.printJSON(record.summary())
	} else {
		record.print(out)
	}
	return errors.Join(err, record.broken())
}

// readRecord reads an exported record to its end.
func readRecord(r io.Reader) (chain, error) {
	record := chain{}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<16), maxLine)
	for n := 1; lines.Scan(); n++ {
		var a api.AuditEntry
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return record, fmt.Errorf("line %d is no entry of an exported record: %w", n, err)
		}
		record.add(store.Entry{
			Seq: a.Seq, At: a.At, ChangeKey: a.Change, Actor: a.Actor, Action: a.Action,
			Detail: a.Detail, Prev: a.Prev, Hash: a.Hash,
		})
	}
	return record, lines.Err()
}

// chain checks entries in their order and stores the first fault.
type chain struct {
	entries     int
	first, last store.Entry
	fault       string
}

func (c *chain) add(e store.Entry) {
	last := c.last
	switch {
	case c.fault != "":
	case c.entries > 0 && e.Seq != last.Seq+1:
		c.fault = fmt.Sprintf("entry %d is followed by entry %d: the entries between them are missing", last.Seq, e.Seq)
	case e.Hash == "" && last.Hash != "":
		c.fault = fmt.Sprintf("entry %d has no hash", e.Seq)
	case e.Hash != "" && e.Hash != e.Sum():
		c.fault = fmt.Sprintf("entry %d was altered: its content does not match its hash", e.Seq)
	case c.entries > 0 && e.Prev != last.Hash:
		c.fault = fmt.Sprintf("entry %d was not written after entry %d, which is the entry before it", e.Seq, last.Seq)
	}
	if c.entries == 0 {
		c.first = e
	}
	c.entries++
	c.last = e
}

func (c *chain) broken() error {
	if c.fault == "" {
		return nil
	}
	return fmt.Errorf("the record is not whole: %s", c.fault)
}

func (c *chain) summary() auditSummary {
	return auditSummary{
		Whole: c.fault == "", Entries: c.entries, First: c.first.Seq, Last: c.last.Seq,
		At: c.last.At, Hash: c.last.Hash, Broken: c.fault,
	}
}

func (c *chain) print(out terminal) {
	if c.fault != "" {
		return // broken returns the fault as an error, which main prints
	}
	fmt.Fprintf(out, "%s: %d entries", out.paint(styleGood, "whole"), c.entries)
	if c.entries > 0 {
		fmt.Fprintf(out, ", %d to %d, the last at %s\n  %s", c.first.Seq, c.last.Seq, c.last.At.UTC().Format(time.RFC3339), c.last.Hash)
	}
	fmt.Fprintln(out)
}
