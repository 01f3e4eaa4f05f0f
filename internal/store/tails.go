package store

import (
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
	revision int64 // of the watch, with which the last look was stored
	without  *delta.Sequence[look]
	last     look
	first    int64 // the number of the first look in the last row
	looks    int64 // how many that row has
	full     bool  // the next look begins a new row
	size     int
}

// maxTails bounds the memory of all tails, in bytes: those of ten thousand watches of five
// signals.
const maxTails = 64 << 20

// put keeps a tail. Where there are too many, others are forgotten, any of them: watches
// are looked at in turn, so that the one used last is not the one needed last.
func (t *tails) put(watchID string, one *tail) {
	one.size = 2 * one.without.Size() // the last look is about as large as what the sequence remembers
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

// take returns the tail of a watch with this revision; nil where it is not in memory, or another
// replica has stored a look since.
func (t *tails) take(watchID string, revision int64) *tail {
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.all[watchID]
	t.remove(watchID)
	if one == nil || one.revision != revision {
		return nil
	}
	return one
}

// sequence is what the next look is appended to, with or without the last one; nil where it has
// to be read.
func (t *tail) sequence(withoutLast bool) *delta.Sequence[look] {
	if withoutLast {
		return t.without
	}
	if _, err := t.without.Add(&t.last); err != nil {
		return nil
	}
	if t.full {
		t.without.Close()
	}
	return t.without
}
