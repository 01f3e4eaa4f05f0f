package audit

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// maxLine bounds one line of a record in bytes: a verdict with its observation,
// and up to 64 KiB of a hook's output.
const maxLine = 32 << 20

// Visitor is told what a record holds, in its order. What is altered is reported as well, and
// noted in the chain. A nil function is not called.
type Visitor struct {
	Entry   func(store.Entry)
	Profile func(hash string, body []byte)
}

// line is a line of either kind.
type line struct {
	api.AuditEntry
	api.AuditProfile
}

// Read reads an exported record to its end and checks it. The error is that of a file that
// is no record; what is wrong with a record is in the chain.
func Read(r io.Reader, v Visitor) (*Chain, error) {
	c := &Chain{}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<16), maxLine)
	for n := 1; lines.Scan(); n++ {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return c, fmt.Errorf("line %d is no entry of an exported record: %w", n, err)
		}
		c.read(l, v)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return c, fmt.Errorf("a line is longer than %d bytes, which no entry of an exported record is", maxLine)
	}
	return c, lines.Err()
}

func (c *Chain) read(l line, v Visitor) {
	if l.Profile != "" {
		c.Profiles++
		if sum := sha256.Sum256(l.Body); hex.EncodeToString(sum[:]) != l.Profile {
			c.alteredProfile(l.Profile)
		}
		if v.Profile != nil {
			v.Profile(l.Profile, l.Body)
		}
		return
	}
	e := store.Entry{
		Seq: l.Seq, At: l.At, ChangeKey: l.Change, Actor: l.Actor, Action: l.Action,
		Detail: l.Detail, Prev: l.Prev, Hash: l.Hash,
	}
	c.add(e)
	if v.Entry != nil {
		v.Entry(e)
	}
}
