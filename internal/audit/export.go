package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pushback/pushback/internal/replay"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// Journal is what an export reads of the database.
type Journal interface {
	Audit(ctx context.Context, from, to time.Time, each func(store.Entry) error) error
	PackedProfile(ctx context.Context, hash string) ([]byte, error)
}

// Export writes the entries between from and to, and the profiles that they name. It writes
// line by line, so that a long journal needs little memory, and returns the chain that it
// has written.
func Export(ctx context.Context, w io.Writer, j Journal, from, to time.Time) (*Chain, error) {
	lines := bufio.NewWriter(w)
	x := exporter{journal: j, encode: json.NewEncoder(lines), written: map[string]bool{}}
	err := j.Audit(ctx, from, to, func(e store.Entry) error {
		if err := x.profiles(ctx, e); err != nil {
			return err
		}
		x.chain.add(e)
		return x.encode.Encode(lineOf(e))
	})
	return &x.chain, errors.Join(err, lines.Flush())
}

type exporter struct {
	journal Journal
	encode  *json.Encoder
	written map[string]bool // profiles
	chain   Chain
}

// profiles writes the profiles that an entry names and that are not written yet. One that an
// older version has deleted is left out, and whoever judges again is told.
func (x *exporter) profiles(ctx context.Context, e store.Entry) error {
	for _, hash := range replay.Named(e.Action, e.Detail) {
		if x.written[hash] {
			continue
		}
		x.written[hash] = true
		body, err := x.journal.PackedProfile(ctx, hash)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading a profile that entry %d names: %w", e.Seq, err)
		}
		x.chain.Profiles++
		if err := x.encode.Encode(api.AuditProfile{Profile: hash, Body: body}); err != nil {
			return err
		}
	}
	return nil
}

func lineOf(e store.Entry) api.AuditEntry {
	return api.AuditEntry{
		Entry:  api.Entry{Seq: e.Seq, At: e.At, Actor: e.Actor, Action: e.Action, Detail: e.Detail},
		Change: e.ChangeKey, Prev: e.Prev, Hash: e.Hash,
	}
}
