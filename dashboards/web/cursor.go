package web

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"math/bits"
)

// A cursor says which plots a page has: a hash of the marks, and for each watch a hash of what
// is beside the lines, how many ticks there are after the change, and hashes of the lines up to
// the last tick, the one before, and so on. The last ticks are measured again at each look,
// and sometimes older ones are: what is sent again begins at the last hash that is still right.

// behind are the ticks before the last one up to which a cursor has a hash.
var behind = []int{0, 1, 2, 4, 16, 64, 256}

// watchCursor is the length of the part of a cursor that is about one watch.
const watchCursor = (2 + 7) * hashBytes

func (p *Plots) cursor() []byte {
	marks, _ := json.Marshal(p.Marks) // numbers alone
	b := appendHash(nil, marks)
	for _, w := range p.Watches {
		b = appendHash(b, w.beside())
		n := w.ticks()
		b = binary.LittleEndian.AppendUint32(b, uint32(n)) //nolint:gosec // a watch has some thousands
		hashes := w.hashes()
		for _, back := range behind {
			b = binary.LittleEndian.AppendUint32(b, hashes[max(0, n-back)])
		}
	}
	return b
}

// since returns what a page with the cursor had does not have, nil if there is nothing.
func (p *Plots) since(had, now []byte) *Plots {
	if bytes.Equal(had, now) {
		return nil
	}
	if len(had) != len(now) {
		return p
	}
	fresh := &Plots{Marks: p.Marks, Watches: make([]*WatchPlots, len(p.Watches))}
	for i, w := range p.Watches {
		at := hashBytes + i*watchCursor
		if mine := had[at : at+watchCursor]; !bytes.Equal(mine, now[at:at+watchCursor]) {
			fresh.Watches[i] = w.since(mine)
		}
	}
	return fresh
}

// ticks is how many there are after the change, of the longest line.
func (w *WatchPlots) ticks() (n int) {
	for _, p := range w.Signals {
		n = max(n, len(p.After))
	}
	return n
}

// beside is what changes beside the lines: it is sent with them, always.
func (w *WatchPlots) beside() (b []byte) {
	for _, p := range w.Signals {
		for _, v := range []Value{p.Forecast, p.Low, p.High, p.Least, p.Most} {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(v)))
		}
	}
	return b
}

// hashes are those of the lines up to each tick after the change, each with the before window and
// what names the lines.
func (w *WatchPlots) hashes() []uint32 {
	h := lineHash(14695981039346656037).add(w.Tick, w.Started, w.From)
	for _, p := range w.Signals {
		h = h.addText(p.Signal).addText(p.Unit)
		if p.Limit != nil {
			h = h.add(*p.Limit)
		}
		h = h.add(float64(len(p.Before))).add(p.Before...)
	}
	all := make([]uint32, 1, w.ticks()+1)
	all[0] = folded(uint64(h))
	for i := range w.ticks() {
		for _, p := range w.Signals {
			if i < len(p.After) {
				h = h.add(p.After[i])
			} else {
				h = h.addText("none")
			}
		}
		all = append(all, folded(uint64(h)))
	}
	return all
}

// lineHash is a hash in the manner of FNV, of numbers instead of bytes: a page may have tens of
// thousands of them.
type lineHash uint64

func (h lineHash) add(values ...float64) lineHash {
	for _, v := range values {
		if math.IsNaN(v) {
			v = math.NaN() // there are many
		}
		h = lineHash(bits.RotateLeft64(uint64(h)^math.Float64bits(v), 27)) * 1099511628211 // most numbers differ in their high bits
	}
	return h
}

func (h lineHash) addText(text string) lineHash {
	for i := range len(text) {
		h = (h ^ lineHash(text[i])) * 1099511628211
	}
	return h * 1099511628211
}

// since returns the plots without what a page with this cursor has.
func (w *WatchPlots) since(cursor []byte) *WatchPlots {
	n := int(binary.LittleEndian.Uint32(cursor[hashBytes:]))
	hashes := w.hashes()
	for i, back := range behind {
		keep := max(0, n-back)
		if keep < len(hashes) && hashes[keep] == binary.LittleEndian.Uint32(cursor[(2+i)*hashBytes:]) {
			return w.without(keep)
		}
	}
	return w
}

// without returns the plots without the before window and the first ticks after the change.
func (w *WatchPlots) without(ticks int) *WatchPlots {
	tail := *w
	tail.Keep, tail.Signals = &ticks, make([]Plot, len(w.Signals))
	for i, p := range w.Signals {
		p.Before, p.After = nil, p.After[min(ticks, len(p.After)):]
		tail.Signals[i] = p
	}
	return &tail
}
