package audit

import (
	"cmp"
	"fmt"

	"github.com/pushback/pushback/internal/store"
)

// Chain checks entries in their order and keeps the first fault.
type Chain struct {
	Entries, Profiles int
	First, Last       store.Entry
	Fault             string // "" while the record is whole
	Altered           string // the first fault that is not just a gap
}

func (c *Chain) add(e store.Entry) {
	altered, gap := c.alteration(e), c.gap(e)
	if c.Fault == "" {
		c.Fault = cmp.Or(gap, altered)
	}
	if c.Altered == "" {
		c.Altered = altered
	}
	if c.Entries == 0 {
		c.First = e
	}
	c.Entries++
	c.Last = e
}

// gap says which entries before e are missing.
func (c *Chain) gap(e store.Entry) string {
	if c.Entries == 0 || e.Seq == c.Last.Seq+1 {
		return ""
	}
	return fmt.Sprintf("entry %d is followed by entry %d: the entries between them are missing", c.Last.Seq, e.Seq)
}

// alteration says what is wrong with e itself, or with its place after the entry before it.
func (c *Chain) alteration(e store.Entry) string {
	switch last := c.Last; {
	case e.Hash == "" && last.Hash != "":
		return fmt.Sprintf("entry %d has no hash", e.Seq)
	case e.Hash != "" && e.Hash != e.Sum():
		return fmt.Sprintf("entry %d was altered: its content does not match its hash", e.Seq)
	case c.Entries > 0 && e.Seq == last.Seq+1 && e.Prev != last.Hash:
		return fmt.Sprintf("entry %d was not written after entry %d, which is the entry before it", e.Seq, last.Seq)
	}
	return ""
}

// alteredProfile notes a profile whose content is not what its name says.
func (c *Chain) alteredProfile(hash string) {
	fault := fmt.Sprintf("profile %.12s was altered: its content does not match its hash", hash)
	if c.Fault == "" {
		c.Fault = fault
	}
	if c.Altered == "" {
		c.Altered = fault
	}
}

// Broken is the fault as an error, nil for a whole record.
func (c *Chain) Broken() error {
	if c.Fault == "" {
		return nil
	}
	return fmt.Errorf("the record is not whole: %s", c.Fault)
}
