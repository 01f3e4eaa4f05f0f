package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/pushback/pushback/sources"
)

// A reference is what a person or a tool writes to name a change. Ids and versions come
// from whoever may report changes, and one team's tool may send whatever another team's
// references look like. So a key is always the change that has it, whatever is called
// the same; the beginning of a key comes next, and what tools sent comes last.
//
// See adr/0089.

// minPrefix is the length of the shortest beginning of a key that names a
// change: 30 bits, so that one in 100,000 wrong names finds one of 10,000 changes.
const minPrefix = 6

// maxFound bounds how many changes a search returns.
const maxFound = 50

// FindChanges returns the changes that a reference may mean, newest first: the change
// of that key; without one, those whose keys begin with it; without any, those that
// have it as a tool's own id or as their version. A reference with the form of a key is
// no tool's word, even if no change has that key any more. No error if there are none.
func (s *Store) FindChanges(ctx context.Context, reference string) ([]Change, error) {
	found, err := s.FindByKey(ctx, reference)
	if err != nil || len(found) > 0 || sources.IsKey(keyOf(reference)) {
		return found, err
	}
	found, err = s.newest(ctx, `key IN (
		SELECT key FROM (SELECT key FROM changes WHERE version = $1 ORDER BY started_at DESC, sequence DESC LIMIT $2) AS of_version
		UNION SELECT key FROM names WHERE name = $1)`, reference, maxFound)
	return found, wrap(err, "find changes by a tool's words")
}

// FindByKey returns the change of a key, or those whose keys begin with the reference if
// it has six characters or more, newest first. What is decided about a change must name it
// like this, because nothing that a tool sends can be in the way.
func (s *Store) FindByKey(ctx context.Context, reference string) ([]Change, error) {
	key := keyOf(reference)
	found, err := s.newest(ctx, `key = $1`, key)
	if err != nil || len(found) > 0 || len(key) < minPrefix || sources.IsKey(key) {
		return found, wrap(err, "find a change by its key")
	}
	first, last, ok := sources.KeysFrom(key)
	if !ok {
		return nil, nil
	}
	found, err = s.newest(ctx, `key >= $1 AND key <= $2`, first, last)
	return found, wrap(err, "find changes by the beginning of a key")
}

// keyOf is a reference as a key would be written. A key that was copied with a space, with
// something that nobody sees, or in capitals means its change, and no tool's id that is
// written just so.
func keyOf(reference string) string {
	return strings.ToLower(sources.OneLine(reference, sources.MaxText))
}

// newest returns up to maxFound changes that meet a condition, newest first.
func (s *Store) newest(ctx context.Context, condition string, args ...any) ([]Change, error) {
	// The + keeps the planner from reading all changes by time until enough of them are found.
	return collect(ctx, s.read, scanChange, selectChange+`WHERE `+condition+fmt.Sprintf(` ORDER BY +started_at DESC, sequence DESC LIMIT %d`, maxFound), args...)
}
