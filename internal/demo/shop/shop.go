package shop

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Release says how one version behaves.
type Release struct {
	Version string
	Errors  float64       // fraction of requests that fail
	Latency time.Duration // median time a request takes
}

// releases are the versions that can be shipped.
var releases = []Release{
	{"v1", 0.005, 40 * time.Millisecond},
	{"v2", 0.005, 40 * time.Millisecond},
	{"v3", 0.025, 40 * time.Millisecond},
	{"v4", 0.30, 40 * time.Millisecond},
}

// Routes maps the pages to how many of a hundred requests ask for each.
var Routes = map[string]int{"/": 60, "/product": 30, "/checkout": 10}

// Buckets are the bounds of the latency histogram, in seconds.
var Buckets = []float64{0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1}

// Shop serves one version at a time. It is safe for concurrent use.
type Shop struct {
	live     atomic.Pointer[Release]
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	orders   prometheus.Counter
	secret   string // of the rollback hook
	switched func(Release)
}

// New returns a shop with v1 live. secret is the rollback hook's, as Standard
// Webhooks writes it (whsec_…); if it is empty, the hook refuses every call.
// switched, if not nil, is called after a rollback by the hook.
func New(secret string, switched func(Release)) *Shop {
	s := &Shop{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests, by route and status code.",
		}, []string{"code", "route"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time to answer, by route.", Buckets: Buckets,
		}, []string{"route"}),
		orders:   prometheus.NewCounter(prometheus.CounterOpts{Name: "shop_orders_total", Help: "Orders placed."}),
		secret:   secret,
		switched: switched,
	}
	s.registry.MustRegister(s.requests, s.duration, s.orders)
	s.live.Store(&releases[0])
	return s
}

// Live returns the release that serves now.
func (s *Shop) Live() Release { return *s.live.Load() }

// Switch makes a version live.
func (s *Shop) Switch(version string) (Release, error) {
	for i := range releases {
		if releases[i].Version == version {
			s.live.Store(&releases[i])
			return releases[i], nil
		}
	}
	return Release{}, fmt.Errorf("there is no release %q", version)
}

// Handler returns the handler of all requests: customers', operators', the hook's and
// Prometheus's.
func (s *Shop) Handler() http.Handler {
	mux := http.NewServeMux()
	for route := range Routes {
		mux.HandleFunc("GET "+exact(route), func(w http.ResponseWriter, _ *http.Request) { s.page(w, route) })
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /admin/version", s.showVersion)
	mux.HandleFunc("POST /admin/version", s.setVersion)
	mux.HandleFunc("POST /admin/rollback", s.rollBack)
	return mux
}

// exact returns a pattern that matches the route alone: "/" would match every path.
func exact(route string) string {
	if route == "/" {
		return "/{$}"
	}
	return route
}

// page answers a customer as the live release does, slow or with an error.
func (s *Shop) page(w http.ResponseWriter, route string) {
	begun, r := time.Now(), s.live.Load()
	time.Sleep(time.Duration(float64(r.Latency) * (0.5 + rand.ExpFloat64()*0.7)))
	code := http.StatusOK
	if rand.Float64() < r.Errors {
		code = http.StatusInternalServerError
	}
	if code == http.StatusOK && route == "/checkout" {
		s.orders.Inc()
	}
	s.duration.WithLabelValues(route).Observe(time.Since(begun).Seconds())
	s.requests.WithLabelValues(strconv.Itoa(code), route).Inc()
	w.WriteHeader(code)
	fmt.Fprintf(w, "%s %s\n", r.Version, route)
}
