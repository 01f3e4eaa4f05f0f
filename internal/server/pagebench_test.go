package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// BenchmarkPages answers what browsers ask most, beside a thousand other changes.
func BenchmarkPages(b *testing.B) {
	st := openStore(b)
	key, err := storeFixture(b.Context(), st, bad)
	if err != nil {
		b.Fatal(err)
	}
	for n := range 1000 {
		f := bad
		f.service, f.order, f.ago = "service-"+string(rune('a'+n%26))+string(rune('a'+n/26%26))+string(rune('a'+n/676)), "", time.Duration(n)*time.Minute
		if _, err := storeFixture(b.Context(), st, f); err != nil {
			b.Fatal(err)
		}
	}
	s, err := New(Options{
		Engine: storeEngine{st}, Store: st, Ready: func() []api.ComponentProblem { return nil }, Now: func() time.Time { return testNow },
		Version: "test", Listen: "127.0.0.1:0", TokenFile: tokenFile(b), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	for name, path := range map[string]string{
		"change": "/changes/" + key, "list": "/", "records": "/v1/changes/" + key + "/records", "changes": "/v1/changes?limit=50", "status": "/v1/status",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil)
				r.Header.Set("Authorization", "Bearer "+token)
				w := httptest.NewRecorder()
				s.handler.ServeHTTP(w, r)
				if size = w.Body.Len(); w.Code != http.StatusOK {
					b.Fatal(path, w.Code, w.Body)
				}
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
}
