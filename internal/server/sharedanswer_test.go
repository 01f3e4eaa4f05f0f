package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/pushback/pushback/dashboards/web"
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

// A page that was told of a change since an answer was made for others does not get that answer: it would be told nothing
// more, and never show the change.
func TestSharedAnswersAreYoungerThanWhatIsTold(t *testing.T) {
	shared := sharedPages{keep: time.Hour, all: map[string]*sharedPage{}}
	made := 0
	for _, c := range []struct {
		told string
		want int // renderings so far
	}{{"", 1}, {"", 1}, {"0", 2}, {"3600000", 2}, {"no number", 2}, {"-1", 2}, {"0", 3}} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(toldHeader, c.told)
		shared.get("a page", toldAgo(r), func() (*web.Rendered, error) { made++; return nil, nil })
		if made != c.want {
			t.Errorf("told %q ms ago: %d renderings, want %d", c.told, made, c.want)
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
