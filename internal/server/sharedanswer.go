package server

import (
	"net/http"
	"sync"

	"github.com/klauspost/compress/zstd"
)

const (
	htmlMedia = "text/html; charset=utf-8"
	jsonMedia = "application/json"
)

// sharedAnswer is an answer that many get at the same time. It is compressed once for all of them, in each encoding that
// one of them takes: compressing it for each would cost more than everything else that they cost, and beyond
// maxCompressors they would get it as it is.
//
// See adr/0139.
type sharedAnswer struct {
	media string
	text  []byte // empty: nothing is new

	mu      sync.Mutex
	encoded map[string][]byte // by encoding
}

// write answers a request, compressed where the client takes that.
func (a *sharedAnswer) write(w http.ResponseWriter, r *http.Request) error {
	encoding := acceptedEncoding(r)
	if encoding == "" || len(a.text) < minCompressed || fromOtherSite(r) {
		return a.writePlain(w)
	}
	text := a.in(encoding)
	w.Header().Set("Content-Type", a.media)
	w.Header().Set("Content-Encoding", encoding)
	_, err := w.Write(text)
	return err
}

// writePlain leaves it to others whether the answer is compressed.
func (a *sharedAnswer) writePlain(w http.ResponseWriter) error {
	if len(a.text) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Content-Type", a.media)
	_, err := w.Write(a.text)
	return err
}

// in is the text in an encoding.
func (a *sharedAnswer) in(encoding string) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	text, done := a.encoded[encoding]
	if done {
		return text
	}
	if encoding == "zstd" {
		text = zstandard(a.text, zstd.SpeedDefault)
	} else {
		text = gzipped(a.text, gzipLevel)
	}
	if a.encoded == nil {
		a.encoded = map[string][]byte{}
	}
	a.encoded[encoding] = text
	return text
}
