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
	Export auditExportCommand `cmd:"" help:"Write the record of every decision, a JSON object a line."`
	Verify auditVerifyCommand `cmd:"" help:"Check that an exported record is whole."`
}

// auditExportCommand reads the journal beside the daemon, or without one.
type auditExportCommand struct {
	configFlag
	Since moment `placeholder:"TIME" help:"From this moment on: RFC 3339, a date, or how long ago (24h, 7d)."`
	Until moment `placeholder:"TIME" help:"Before this moment; likewise."`
}

// Help says what stands in a line.
func (auditExportCommand) Help() string {
	return `Every decision with what it was made on: the rule as it was, the verdict and what
was seen, what every guard said, the request to the hook and its answer, and who.
The journal is only added to, and each line's hash covers the line before, so
that what was taken out or altered shows ("pushback audit verify").

It reads the database that pushback.yml names; the daemon may run or not.

Examples:

  pushback audit export --since 7d > week.jsonl
  pushback audit export --since 2026-11-01 --until 2026-12-01 | gzip > november.jsonl.gz
  pushback audit export | jq -r 'select(.action == "order") | [.at, .actor, .detail.to] | @tsv'

Exit code 0 where the record is whole, 1 where a link of the chain is broken: the
lines are written all the same.`
}

// Run writes every entry as it is read.
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
		return fmt.Errorf("opening the state: %w", err)
	}
	lines := bufio.NewWriter(out)
	encode := json.NewEncoder(lines)
	links := chain{}
	err = st.Audit(ctx, time.Time(a.Since), time.Time(a.Until), func(e store.Entry) error {
		links.follow(e)
		return encode.Encode(audited(e))
	})
	return errors.Join(err, lines.Flush(), st.Close(), links.broken())
}

func audited(e store.Entry) api.Audited {
	return api.Audited{
		Entry:  api.Entry{Seq: e.Seq, At: e.At, Actor: e.Actor, Action: e.Action, Detail: e.Detail},
		Change: e.ChangeKey, Prev: e.Prev, Hash: e.Hash,
	}
}

// auditVerifyCommand follows the chain of an export, wherever that lies.
type auditVerifyCommand struct {
	File string `arg:"" type:"existingfile" help:"The exported record; - for standard input."`
	JSON bool   `help:"Write JSON, for programs."`
}

// Help says what is found, and what cannot be.
func (auditVerifyCommand) Help() string {
	return `Finds lines that are missing, altered or in another order. It cannot find that
the end was cut off, nor that the whole chain was written anew: keep the last
hash somewhere else, and compare.

Example:

  pushback audit export > record.jsonl && pushback audit verify record.jsonl

Exit code 0 where the record is whole, 1 where it is not, 2 where this is none.`
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

// maxLine bounds one line of a record: a verdict with all it saw, and 64 KiB
// of what a hook said.
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
	links, err := followed(f)
	if err != nil {
		return usageError(fmt.Errorf("%s: %w", v.File, err))
	}
	if v.JSON {
		err = out.printJSON(links.summary())
	} else {
		links.print(out)
	}
	return errors.Join(err, links.broken())
}

// followed reads a record to its end.
func followed(r io.Reader) (chain, error) {
	links := chain{}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<16), maxLine)
	for n := 1; lines.Scan(); n++ {
		var a api.Audited
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return links, fmt.Errorf("line %d is no entry of a record: %w", n, err)
		}
		links.follow(store.Entry{
			Seq: a.Seq, At: a.At, ChangeKey: a.Change, Actor: a.Actor, Action: a.Action,
			Detail: a.Detail, Prev: a.Prev, Hash: a.Hash,
		})
	}
	return links, lines.Err()
}

// chain follows entries and remembers the first break.
type chain struct {
	entries     int
	first, last store.Entry
	fault       string
}

func (c *chain) follow(e store.Entry) {
	last := c.last
	switch {
	case c.fault != "":
	case c.entries > 0 && e.Seq != last.Seq+1:
		c.fault = fmt.Sprintf("after entry %d comes %d: what lies between is missing", last.Seq, e.Seq)
	case e.Hash == "" && last.Hash != "":
		c.fault = fmt.Sprintf("entry %d has no hash", e.Seq)
	case e.Hash != "" && e.Hash != e.Sum():
		c.fault = fmt.Sprintf("entry %d is not as it was written", e.Seq)
	case c.entries > 0 && e.Prev != last.Hash:
		c.fault = fmt.Sprintf("entry %d does not follow the entry %d that stands before it", e.Seq, last.Seq)
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
		return // the error says it
	}
	fmt.Fprintf(out, "%s: %d entries", out.paint(styleGood, "whole"), c.entries)
	if c.entries > 0 {
		fmt.Fprintf(out, ", %d to %d, the last at %s\n  %s", c.first.Seq, c.last.Seq, c.last.At.UTC().Format(time.RFC3339), c.last.Hash)
	}
	fmt.Fprintln(out)
}
