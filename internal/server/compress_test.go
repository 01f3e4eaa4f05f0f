package server

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/pushback/pushback/dashboards/web"
)

// onWire sends a request as a client that decompresses nothing by itself.
func (p *testServer) onWire(path string, headers ...string) (*http.Response, []byte) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.URL+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := p.Client().Transport.RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return w, body
}

// unpacker is one for all tests: a new one costs more than most answers.
var unpacker = sync.OnceValues(func() (*zstd.Decoder, error) { return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1)) })

func decompressed(t *testing.T, encoding string, body []byte) string {
	t.Helper()
	text, err := body, error(nil)
	switch encoding {
	case "gzip":
		var from *gzip.Reader
		if from, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			text, err = io.ReadAll(from)
		}
	case "zstd":
		var d *zstd.Decoder
		if d, err = unpacker(); err == nil {
			text, err = d.DecodeAll(body, nil)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every kind of text is compressed as the client asks, and is the same text.
func TestTextIsCompressed(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	for _, version := range []string{"1.4.3", "1.4.4", "1.4.5"} {
		more := bad
		more.version = version
		p.mustStore(more)
	}
	for _, path := range []string{"/", "/changes/" + key, "/docs", "/metrics", "/openapi.json", "/schema/rules.json", "/v1/changes", "/v1/changes/" + key, "/assets/app.css", "/assets/app.js", "/assets/icons.svg", "/assets/uplot/LICENSE"} {
		_, plain := p.onWire(path)
		for accept, want := range map[string]string{
			"gzip": "gzip", "zstd": "zstd", "gzip, deflate, br, zstd": "zstd", "GZIP;q=0.5": "gzip", "zstd;q=0, gzip": "gzip",
			"": "", "br": "", "gzip;q=0": "", "gzip;q=0.0, zstd; q=0": "",
		} {
			w, body := p.onWire(path, "Accept-Encoding", accept)
			text := decompressed(t, w.Header.Get("Content-Encoding"), body)
			if got := w.Header.Get("Content-Encoding"); got != want || w.Header.Get("Vary") != "Accept-Encoding" || len(w.Header["Vary"]) != 1 {
				t.Errorf("%s for %q: encoding %q, Vary %q", path, accept, got, w.Header["Vary"])
			}
			if path != "/metrics" && text != string(plain) { // which counts the requests
				t.Errorf("%s for %q: another text", path, accept)
			}
			if want != "" && len(body) > len(text)*3/4 {
				t.Errorf("%s for %q: %d bytes of %d", path, accept, len(body), len(text))
			}
		}
	}
}

// What is small is sent as it is, and so is what another site's page asks for: by the length
// of a compressed answer it could learn what else stands in it.
func TestNotCompressed(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	f := func(path, want string, headers ...string) {
		t.Helper()
		w, body := p.onWire(path, append([]string{"Accept-Encoding", "gzip"}, headers...)...)
		if got := w.Header.Get("Content-Encoding"); got != want || w.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s %v: %d, %q, %d bytes, Vary %q", path, headers, w.StatusCode, got, len(body), w.Header["Vary"])
		}
	}
	f("/healthz", "")
	f("/readyz", "")
	f("/v1/changes/nothing", "")
	f("/changes/"+key, "gzip")
	f("/changes/"+key, "gzip", "Sec-Fetch-Site", "none")
	f("/changes/"+key, "gzip", "Sec-Fetch-Site", "same-origin")
	f("/changes/"+key, "", "Sec-Fetch-Site", "cross-site")
	f("/changes/"+key, "", "Sec-Fetch-Site", "same-site")
}

// Clients that read slowly hold compressors. Others get the plain text and do not wait.
func TestCompressorsAreBounded(t *testing.T) {
	text := strings.Repeat("so and so ", 1000)
	begun, end := make(chan bool, maxCompressors), make(chan bool)
	compress, err := newCompression()
	if err != nil {
		t.Fatal(err)
	}
	p := &testServer{t: t}
	p.Server = httptest.NewServer(compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, text)
		if r.URL.Path == "/slow" {
			begun <- true
			<-end
		}
	})))
	t.Cleanup(p.Close)
	answers := make(chan int, maxCompressors)
	for range maxCompressors {
		go func() {
			_, body := p.onWire("/slow", "Accept-Encoding", "gzip")
			answers <- len(body)
		}()
	}
	for range maxCompressors {
		<-begun
	}
	if w, body := p.onWire("/", "Accept-Encoding", "gzip"); w.Header.Get("Content-Encoding") != "" || string(body) != text {
		t.Errorf("one more is compressed as %q", w.Header.Get("Content-Encoding"))
	}
	close(end)
	for range maxCompressors {
		if n := <-answers; n > 1000 {
			t.Errorf("%d bytes", n)
		}
	}
	if w, _ := p.onWire("/", "Accept-Encoding", "gzip"); w.Header.Get("Content-Encoding") != "gzip" {
		t.Error("the compressors are not free again")
	}
}

// A browser keeps an asset for good by the address that pages have, and else asks whether its
// copy is still the same.
func TestAssetsAreKept(t *testing.T) {
	p := listen(t, nil)
	_, page := p.onWire("/")
	tags := map[string]bool{}
	for _, name := range []string{"app.css", "app.js", "plot.js", "uplot/uPlot.iife.min.js", "uplot/uPlot.min.css"} {
		path := "/assets/" + name + "?v=" + web.AssetVersion(name)
		if !bytes.Contains(page, []byte(path)) {
			t.Errorf("no page has %s", path)
		}
		for _, accept := range []string{"identity", "gzip", "zstd"} {
			w, _ := p.onWire(path, "Accept-Encoding", accept)
			tag := w.Header.Get("ETag")
			if w.Header.Get("Cache-Control") != "max-age=31536000, immutable" || tags[tag] || len(tag) < 10 {
				t.Errorf("%s as %s: kept %q, tag %q", path, accept, w.Header.Get("Cache-Control"), tag)
			}
			tags[tag] = true
			w, body := p.onWire("/assets/"+name, "Accept-Encoding", accept, "If-None-Match", tag)
			if w.StatusCode != http.StatusNotModified || len(body) > 0 || w.Header.Get("ETag") != tag || w.Header.Get("Cache-Control") != "max-age=300" {
				t.Errorf("%s as %s: %d with %d bytes, kept %q", name, accept, w.StatusCode, len(body), w.Header.Get("Cache-Control"))
			}
		}
		if w, _ := p.onWire("/assets/" + name + "?v=0123"); w.StatusCode != 200 || w.Header.Get("Cache-Control") != "max-age=300" {
			t.Errorf("%s of another version is kept %q", name, w.Header.Get("Cache-Control"))
		}
	}
}

// The stream sends what there is at once, whatever the client would decompress.
func TestStreamIsNotHeldBack(t *testing.T) {
	keys := make(chan string)
	p := listen(t, func(o *Options) { o.Subscribe = sending(keys) })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+streamPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip, zstd")
	w, err := p.Client().Transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	lines := bufio.NewScanner(w.Body)
	next := func(want string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() != "" {
				break
			}
		}
		if lines.Text() != want {
			t.Errorf("got %q, want %q", lines.Text(), want)
		}
	}
	next("retry: 3000")
	select {
	case keys <- "a1":
	case <-time.After(time.Minute):
		t.Fatal("nobody listens")
	}
	next("event: change")
	next("data: a1")
}
