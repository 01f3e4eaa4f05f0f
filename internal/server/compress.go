package server

import (
	"mime"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/zstd"
)

// Answers of text are compressed with zstd or gzip, whichever the client prefers: see adr/0104.
const (
	minCompressed  = 1024 // bytes; what is smaller fits into one packet anyway
	maxCompressors = 32   // at once; each holds about half a megabyte
	gzipLevel      = 5    // level 6 takes half as long again for 1 % less
)

// streamPath is the address of the stream. It is not compressed: it has a few bytes at a
// time, and each has to leave at once.
const streamPath = "/v1/stream"

// newCompression returns what compresses the answers of a handler.
func newCompression() (func(http.Handler) http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(minCompressed), gzhttp.ContentTypeFilter(isText),
		gzhttp.CompressionLevel(gzipLevel), gzhttp.ZstdCompressionLevel(int(zstd.SpeedDefault)))
	if err != nil {
		return nil, err
	}
	return func(next http.Handler) http.Handler { return boundCompression(wrap(next), next) }, nil
}

// boundCompression sends a request to compressed, or to plain where its answer must not be
// compressed, or where maxCompressors answers are being compressed already: a client that
// reads slowly holds its compressor, and nobody should wait for it.
func boundCompression(compressed, plain http.Handler) http.Handler {
	working := make(chan struct{}, maxCompressors)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != streamPath && !fromOtherSite(r) {
			select {
			case working <- struct{}{}:
				defer func() { <-working }()
				compressed.ServeHTTP(w, r)
				return
			default:
			}
		}
		w.Header().Set("Vary", "Accept-Encoding") // as compressed sets it
		plain.ServeHTTP(w, r)
	})
}

// fromOtherSite says whether another site's page had a browser send the request. Whoever
// wrote that page may choose the text of an address, which the answer repeats, and learn by the
// length of the compressed answer whether the text stands in it elsewhere (BREACH).
func fromOtherSite(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

// isText says whether a media type is one of those that we answer with and that compression makes
// smaller.
func isText(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	return strings.HasPrefix(media, "text/") || media == "application/json" || strings.HasSuffix(media, "+json") || media == "image/svg+xml"
}

// acceptedEncoding returns the best encoding that a client accepts, "" for none.
func acceptedEncoding(r *http.Request) string {
	for _, encoding := range []string{"zstd", "gzip"} {
		for _, accepted := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
			name, weight, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(accepted, " ", "")), ";")
			if name == encoding && strings.Trim(weight, "q=0.") != "" || name == encoding && weight == "" {
				return encoding
			}
		}
	}
	return ""
}
