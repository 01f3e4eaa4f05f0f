package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
)

// benchmarkGet calls the handler as a client that takes zstd, and returns its answer.
func benchmarkGet(b *testing.B, s *Server, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
	r.Host = "127.0.0.1"
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept-Encoding", "zstd")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	if w.Code >= http.StatusBadRequest {
		b.Fatal(w.Code, w.Body)
	}
	return w
}

// benchmarkPath measures an address: its time, allocations and the bytes that are sent.
func benchmarkPath(b *testing.B, s *Server, name, path string, headers ...string) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		sent := 0
		for b.Loop() {
			sent = benchmarkGet(b, s, path, headers...).Body.Len()
		}
		b.ReportMetric(float64(sent), "B/answer")
	})
}

func revisionIn(tb testing.TB, page string) string {
	tb.Helper()
	found := revisionOf.FindStringSubmatch(page)
	if found == nil {
		tb.Fatal("a page without a revision: ", page)
	}
	return found[1]
}

// openedPage is the revision of a page that has its plots.
func openedPage(b *testing.B, s *Server, path string) string {
	b.Helper()
	page := benchmarkGet(b, s, path, "Accept-Encoding", "identity").Body.String()
	var u web.Update
	if err := json.Unmarshal(benchmarkGet(b, s, path, "Accept-Encoding", "identity", sinceHeader, revisionIn(b, page)).Body.Bytes(), &u); err != nil {
		b.Fatal(err)
	}
	return u.Revision
}

// BenchmarkBytesOfPages measures what people and open pages ask for: a change at two sizes, with its
// plots and with one new tick, a list of a hundred changes, and the status.
func BenchmarkBytesOfPages(b *testing.B) {
	st := openStore(b)
	s, err := New(Options{
		Engine: storeEngine{st}, Store: st, Ready: func() []api.ComponentProblem { return nil }, Now: func() time.Time { return testNow },
		Version: "test", Listen: "127.0.0.1:0", TokenFile: tokenFile(b),
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []struct{ signals, ticks int }{{5, 120}, {20, 960}} {
		change := newBake(b, st, size.signals, size.ticks)
		change.look(b, st, size.ticks-1)
		path := "/changes/" + change.key
		opened := openedPage(b, s, path)
		change.look(b, st, 1)
		name := fmt.Sprintf("change/%dx%d", size.signals, size.ticks)
		benchmarkPath(b, s, name+"/page", path)
		benchmarkPath(b, s, name+"/plots", path, sinceHeader, revisionIn(b, benchmarkGet(b, s, path, "Accept-Encoding", "identity").Body.String()))
		benchmarkPath(b, s, name+"/look", path, sinceHeader, opened)
	}
	for i := range 98 {
		more := bad
		more.version = fmt.Sprint("2.0.", i)
		if _, err := storeFixture(b.Context(), st, more); err != nil {
			b.Fatal(err)
		}
	}
	benchmarkPath(b, s, "list/page", "/")
	benchmarkPath(b, s, "list/nothing-new", "/", sinceHeader, revisionIn(b, benchmarkGet(b, s, "/", "Accept-Encoding", "identity").Body.String()))
	benchmarkPath(b, s, "list/api-100", "/v1/changes?limit=100")
	benchmarkPath(b, s, "status/api", "/v1/status")
}

// BenchmarkFirstByte measures from a request until its first byte over a connection that is open already, for the page of a
// change with 20 signals and 960 ticks, the longest page that there is (storeRolledBack), and the first page. It says how long
// half of the answers took, and 99 of 100.
func BenchmarkFirstByte(b *testing.B) {
	st := openStore(b)
	s, err := New(Options{
		Engine: storeEngine{st}, Store: st, Ready: func() []api.ComponentProblem { return nil }, Now: func() time.Time { return testNow },
		Version: "test", Listen: "127.0.0.1:0", TokenFile: tokenFile(b),
	})
	if err != nil {
		b.Fatal(err)
	}
	watched := newBake(b, st, 20, 960)
	watched.grade, watched.adds = detector.Certain, addsAll
	watched.look(b, st, 960)
	listening := httptest.NewServer(s.handler)
	defer listening.Close()
	for _, page := range []struct{ name, path string }{
		{"change/20x960", "/changes/" + watched.key}, {"change/rolled-back", "/changes/" + storeRolledBack(b, st)}, {"now", "/"},
	} {
		b.Run(page.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				took = append(took, firstByte(b, listening.URL+page.path))
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "ms/half")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "ms/99%")
		})
	}
}

// firstByte asks for a page, as a browser does that takes zstd, and returns how long its first byte took.
func firstByte(b *testing.B, address string) (took time.Duration) {
	b.Helper()
	began := time.Now()
	ctx := httptrace.WithClientTrace(b.Context(), &httptrace.ClientTrace{GotFirstResponseByte: func() { took = time.Since(began) }})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept-Encoding", "zstd")
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Body.Close()
	if n, err := io.Copy(io.Discard, w.Body); err != nil || w.StatusCode != http.StatusOK || n == 0 {
		b.Fatal(w.Status, n, err)
	}
	return took
}
