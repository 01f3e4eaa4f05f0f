package server

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// What many get at the same time is compressed once in each encoding, is the same text in each, and is not compressed for
// the page of another site.
func TestSharedAnswersAreCompressedOnce(t *testing.T) {
	p := listen(t, nil)
	p.server.shared.keep = time.Hour
	path := "/changes/" + p.mustStore(bad)
	var page string
	for _, encoding := range []string{"", "gzip", "zstd"} {
		w, body := p.onWire(path, "Accept-Encoding", encoding, sinceHeader, sinceNothing)
		if h := w.Header; h.Get("Content-Encoding") != encoding || h.Get("Content-Type") != htmlMedia || h.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %v", encoding, h)
		}
		text := decompressed(t, encoding, body)
		if page == "" {
			page = text
		}
		if text != page || !strings.Contains(text, "</html>") {
			t.Errorf("%q: another text: %.300s", encoding, text)
		}
	}
	w, body := p.onWire(path, "Accept-Encoding", "zstd", "Sec-Fetch-Site", "same-site", sinceHeader, sinceNothing)
	if got := w.Header.Get("Content-Encoding"); got != "" || string(body) != page {
		t.Errorf("compressed for another site: %q", got)
	}

	a := &sharedAnswer{media: htmlMedia, text: []byte(strings.Repeat("a page ", 999))}
	for _, encoding := range []string{"gzip", "zstd"} {
		first, second := a.in(encoding), a.in(encoding)
		if unsafe.SliceData(first) != unsafe.SliceData(second) {
			t.Errorf("%s: compressed twice", encoding)
		}
	}
}

// All of a page that is another one now is shared by those who may do the same, and has nothing about the one who asked
// first.
func TestSharedPagesNameNobody(t *testing.T) {
	b, f := signedServer(t, nil)
	b.server.shared.keep = time.Hour
	path := "/changes/" + b.mustStore(bad)
	const button = `action="/changes/`
	whole := func(who string, groups ...string) string {
		cookie := b.signInAt(f, who, groups...)
		if _, own, _ := b.ask(http.MethodGet, path, "", "Cookie", cookie); !strings.Contains(own, who+" <small>") {
			t.Errorf("%s is not named on the page that they open", who)
		}
		_, shared, _ := b.ask(http.MethodGet, path, "", "Cookie", cookie, sinceHeader, sinceNothing)
		if strings.Contains(shared, who) {
			t.Errorf("%s is named on a page that others get too", who)
		}
		return shared
	}
	rob, ann, vera := whole("rob.smith", "oncall"), whole("ann.jones", "oncall"), whole("vera.brown", "all")
	if rob != ann || !strings.Contains(rob, button) {
		t.Error("two who may do the same do not get the same page with its buttons")
	}
	if strings.Contains(vera, button) {
		t.Error("a viewer gets the page of those who may do more")
	}
}
