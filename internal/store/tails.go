package store

import (
	"bytes"
	"sync"

	"github.com/pushback/pushback/internal/delta"
)

// tails are the ends of the records of watches, in memory: without its tail, a look reads
// all looks of its watch first. That takes a quarter of a millisecond where there are thirty
// of them at five signals, and a hundred times that where there are a thousand at twenty.
type tails struct {
	mu   sync.Mutex
	all  map[string]*tail // by watch
	size int              // of all
}

// tail is the end of a watch's records: all looks but the last, which the next one may
// replace.
type tail struct {
	without *delta.Sequence[look]
	last    look
	packed  []byte // the row that they are in: what is stored now, if the tail is still true
	size    int
}

// maxTails bounds the memory of all tails, in bytes.
const maxTails = 24 << 20

// put keeps a tail. Where there are too many, others are forgotten, any of them: watches
// are looked at in turn, so that the one used last is not the one needed last.
func (t *tails) put(watchID string, one *tail) {
	one.size = one.without.Size() + len(one.packed)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[string]*tail{}
	}
	t.remove(watchID)
	for id := range t.all {
		if t.size+one.size <= maxTails {
			break
		}
		t.remove(id)
	}
	if one.size <= maxTails {
		t.all[watchID], t.size = one, t.size+one.size
	}
}

func (t *tails) remove(watchID string) {
	if one := t.all[watchID]; one != nil {
		delete(t.all, watchID)
		t.size -= one.size
	}
}

// forget drops the tail of a watch that has ended.
func (t *tails) forget(watchID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.remove(watchID)
}

// take returns the records of a watch whose last row is stored, with or without the last
// look; nil where they are not in memory, or another replica has stored something else.
func (t *tails) take(watchID string, stored []byte, withoutLast bool) *delta.Sequence[look] {
	t.mu.Lock()
	one := t.all[watchID]
	t.remove(watchID)
	t.mu.Unlock()
	if one == nil || !bytes.Equal(one.packed, stored) {
		return nil
	}
	if !withoutLast {
		if _, err := one.without.Add(&one.last); err != nil {
			return nil
		}
		if len(stored) >= delta.SegmentSize {
			one.without.Close()
		}
	}
	return one.without
}
