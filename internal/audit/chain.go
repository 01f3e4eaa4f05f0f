package audit

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/pushback/pushback/internal/store"
)

// Chain checks entries in their order and keeps the first fault.
type Chain struct {
	Entries, Profiles int
	First, Last       store.Entry
	Deleted           *store.Checkpoint // the newest one: what was deleted because of its age; nil for none
	Fault             string            // "" while the record is whole
	Altered           string            // the first fault that is not just a gap
}

func (c *Chain) add(e store.Entry) {
	altered, gap := cmp.Or(c.alteration(e), c.deletion(e)), c.gap(e)
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

// deletion notes a checkpoint, and says whether the first entry of the record follows what
// it says is deleted. A record may begin later: then it says nothing of that one.
func (c *Chain) deletion(e store.Entry) string {
	if e.Action != store.CheckpointAction {
		return ""
	}
	var d store.Checkpoint
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return fmt.Sprintf("entry %d is no checkpoint", e.Seq)
	}
	c.Deleted = &d
	if c.Entries > 0 && c.First.Seq == d.Through+1 && c.First.Prev != d.Hash {
		return fmt.Sprintf("entry %d does not follow entry %d, which was deleted because of its age", c.First.Seq, d.Through)
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
