package audit

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
)

// Record is what an export holds of the changes that a name may mean.
type Record struct {
	Entries  []store.Entry
	profiles map[string][]byte
}

// minPrefix is the length of the shortest beginning of a key that names a change.
const minPrefix = 6

// ReadChange reads an exported record to its end, and keeps the entries of the changes whose
// key is name or begins with it, and the profiles. The error is that of Read.
func ReadChange(r io.Reader, name string) (*Record, *Chain, error) {
	record := &Record{profiles: map[string][]byte{}}
	chain, err := Read(r, Visitor{
		Profile: func(hash string, body []byte) { record.profiles[hash] = body },
		Entry: func(e store.Entry) {
			if e.ChangeKey == name || len(name) >= minPrefix && strings.HasPrefix(e.ChangeKey, name) {
				record.Entries = append(record.Entries, e)
			}
		},
	})
	return record, chain, err
}

// Changes lists the keys of the changes, each once.
func (r *Record) Changes() []string {
	var keys []string
	for _, e := range r.Entries {
		if e.ChangeKey != "" && !slices.Contains(keys, e.ChangeKey) {
			keys = append(keys, e.ChangeKey)
		}
	}
	return keys
}

// Profile returns a profile of the record by its hash.
func (r *Record) Profile(hash string) (detector.Profile, error) {
	body, ok := r.profiles[hash]
	if !ok {
		return detector.Profile{}, fmt.Errorf("%.12s is not in the exported record: it is of an older version, or the line is missing", hash)
	}
	return detector.Unpack(body)
}
