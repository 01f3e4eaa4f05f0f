package web

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"html/template"
	"slices"
)

// An open page asks for what has changed since it last asked. So a page consists of parts, which change, and the rest of it,
// which does not while the page has the same parts. Its revision is a hash of the rest and of each part. Nothing is
// remembered of those who ask: what they have is in what they send.
//
// See adr/0104.

// hashBytes is the length of one hash in a revision.
const hashBytes = 4

// rendering is a page that is being rendered.
type rendering struct {
	templates  *template.Template
	rest       bytes.Buffer // the page without its parts
	parts      []part
	revisionAt int // where in rest the page says its revision; 0: nowhere
}

// part is a piece of a page that changes while the page is open.
type part struct {
	id   string // of the element around it
	at   int    // where in the rest it belongs
	html string

	private bool // it is about the reader, and no part of the revision
}

// Live renders a template as the content of the element with this id. Templates call it where
// the content belongs. It returns nothing, and is put there afterwards.
func (f Frame) Live(id, name string, data any) (string, error) {
	return "", f.add(part{id: id}, name, data)
}

// Private renders a template about who reads. It stands in whole pages, and in no update and no
// revision: those may be shared by all readers who may do the same.
func (f Frame) Private(name string, data any) (string, error) {
	return "", f.add(part{private: true}, name, data)
}

func (r *rendering) add(p part, name string, data any) error {
	p.at = r.rest.Len()
	var html bytes.Buffer
	if err := r.templates.ExecuteTemplate(&html, name, data); err != nil {
		return err
	}
	p.html = html.String()
	r.parts = append(r.parts, p)
	return nil
}

// live are the parts that change while a page is open.
func (r *rendering) live() []part {
	return slices.DeleteFunc(slices.Clone(r.parts), func(p part) bool { return p.private })
}

// Revision is put where a template calls it, as the content of a part is.
func (f Frame) Revision() string {
	f.revisionAt = f.rest.Len()
	return ""
}

// page returns the whole page.
func (r *rendering) page() []byte {
	var b bytes.Buffer
	rest, written := r.rest.Bytes(), 0
	for _, p := range r.parts {
		b.Write(rest[written:p.at])
		b.WriteString(p.html)
		written = p.at
	}
	if r.revisionAt > 0 {
		b.Write(rest[written:r.revisionAt])
		b.WriteString(encodeRevision(r.revision()))
		written = r.revisionAt
	}
	b.Write(rest[written:])
	return b.Bytes()
}

// revision is the hashes of the rest and of the parts.
func (r *rendering) revision() []byte {
	b := appendHash(nil, r.rest.Bytes())
	for _, p := range r.live() {
		b = appendHash(b, []byte(p.html))
	}
	return b
}

func appendHash(b, of []byte) []byte {
	h := fnv.New64a()
	_, _ = h.Write(of)
	return binary.LittleEndian.AppendUint32(b, folded(h.Sum64()))
}

// folded is a 64-bit hash in the 32 bits of a revision.
func folded(h uint64) uint32 { return uint32(h) ^ uint32(h>>32) } //nolint:gosec // cutting it is the purpose

func encodeRevision(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Update is what has changed of a page since a revision.
type Update struct {
	Revision string            `json:"revision,omitempty"`
	Whole    bool              `json:"whole,omitempty"` // it is another page now: ask for all of it
	Parts    map[string]string `json:"parts,omitempty"` // the new content of elements, by their ids
	Plots    *Plots            `json:"plots,omitempty"` // nil: as before
}

// Nothing says whether nothing has changed.
func (u Update) Nothing() bool { return !u.Whole && len(u.Parts) == 0 && u.Plots == nil }

// since returns what has changed since a revision. A page that knows no plots yet gets all.
func (r *rendering) since(revision string, plots *Plots) Update {
	had, err := base64.RawURLEncoding.DecodeString(revision)
	now := r.revision()
	if err != nil || len(had) < len(now) || !bytes.Equal(had[:hashBytes], now[:hashBytes]) {
		return Update{Whole: true}
	}
	u := Update{Parts: map[string]string{}}
	for i, p := range r.live() {
		if at := (i + 1) * hashBytes; !bytes.Equal(had[at:at+hashBytes], now[at:at+hashBytes]) {
			u.Parts[p.id] = p.html
		}
	}
	if plots != nil {
		cursor := plots.cursor()
		u.Plots = plots.since(had[len(now):], cursor)
		now = slices.Concat(now, cursor)
	}
	u.Revision = encodeRevision(now)
	return u
}
