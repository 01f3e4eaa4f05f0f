package server

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/pushback/pushback/dashboards/web"
)

// compressedAssets are the files of web.Assets in each encoding, by encoding and name. They are compressed once, at
// the first request for one of them: most runs of the program serve none.
var compressedAssets = sync.OnceValue(func() map[string]map[string][]byte {
	all := map[string]map[string][]byte{"": {}, "gzip": {}, "zstd": {}}
	_ = fs.WalkDir(web.Assets(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(web.Assets(), name)
		all[""][name], all["gzip"][name], all["zstd"][name] = text, gzipped(text), zstandard(text)
		return err // there is none: the files are in the program
	})
	return all
})

func gzipped(text []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

func zstandard(text []byte) []byte {
	w, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	defer w.Close() //nolint:errcheck // it writes nothing
	return w.EncodeAll(text, nil)
}

// asset serves a style, a script or a picture, compressed. Everybody may read them. A browser
// keeps one whose address names its version for good, and others for a while. There is no list of
// them.
func asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	encoding := acceptedEncoding(r)
	text, ok := compressedAssets()[encoding][name]
	if !ok {
		writeProblem(w, nothingHere(http.StatusNotFound))
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
	sum := sha256.Sum256(text) // another one for each encoding, as a strong tag has to be
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
}
