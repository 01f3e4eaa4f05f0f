package server

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/pushback/pushback/dashboards/web"
)

// encodedAsset is an asset in one encoding.
type encodedAsset struct {
	text []byte
	tag  string // another one for each encoding, as a strong ETag has to be
}

func newEncodedAsset(text []byte) encodedAsset {
	sum := sha256.Sum256(text)
	return encodedAsset{text, `"` + hex.EncodeToString(sum[:12]) + `"`}
}

// encodedAssets are the assets of the pages by encoding and name. They are compressed once, at
// the first request for one of them: most runs of the program serve none.
var encodedAssets = sync.OnceValue(func() map[string]map[string]encodedAsset {
	all := map[string]map[string]encodedAsset{"": {}, "gzip": {}, "zstd": {}}
	web.EachAsset(func(name string, text []byte) {
		all[""][name] = newEncodedAsset(text)
		all["gzip"][name] = newEncodedAsset(gzipped(text, gzip.BestCompression))
		all["zstd"][name] = newEncodedAsset(zstandard(text, zstd.SpeedBestCompression))
	})
	return all
})

func gzipped(text []byte, level int) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, level)
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

func zstandard(text []byte, level zstd.EncoderLevel) []byte {
	w, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1))
	defer w.Close() //nolint:errcheck // it writes nothing
	return w.EncodeAll(text, nil)
}

// asset serves a style, a script or a picture, compressed. Everybody may read them. A browser
// keeps one whose address names its version for good, and others for a while. There is no list of
// them.
func asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	encoding := acceptedEncoding(r)
	encoded, ok := encodedAssets()[encoding][name]
	if !ok {
		writeProblem(w, nothingHere(http.StatusNotFound, r, ""))
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "max-age=300")
	if r.URL.RawQuery == "v="+web.AssetVersion(name) {
		h.Set("Cache-Control", "max-age=31536000, immutable")
	}
	h.Set("Content-Type", cmp.Or(mime.TypeByExtension(path.Ext(name)), "text/plain; charset=utf-8"))
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	h.Set("ETag", encoded.tag)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(encoded.text))
}
