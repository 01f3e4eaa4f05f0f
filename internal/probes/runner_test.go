package probes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/sources"
)

// written is a Recorder that keeps what it is given, and as a store refuses a second value at
// one time.
type written struct {
	mu      sync.Mutex
	all     []sources.Series
	ended   []sources.Series
	refuses bool
	newest  map[string]int64 // of each series
}

func newWritten() *written { return &written{newest: map[string]int64{}} }

func (w *written) Record(_ context.Context, all []sources.Series) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuses {
		return errors.New("disk full")
	}
	for _, s := range all {
		key := fmt.Sprint(s.Labels)
		if w.newest[key] >= s.Samples[0].T {
			return fmt.Errorf("%s has a value at this time", key)
		}
		w.newest[key] = s.Samples[0].T
	}
	w.all = append(w.all, all...)
	return nil
}

func (w *written) End(_ context.Context, at time.Time, all []sources.Series) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = append(w.ended, all...)
	return nil
}

// endings is how many series were ended so far.
func (w *written) endings() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ended)
}

// last is the newest value of a series; the label is written as name=value.
func (w *written) last(name, label string) float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	key, value, _ := strings.Cut(label, "=")
	for _, s := range slices.Backward(w.all) {
		if s.Labels["__name__"] == name && s.Labels[key] == value {
			return s.Samples[0].V
		}
	}
	return -1
}

// count is how many samples of a series of one probe there are.
func (w *written) count(name, probe string) (n int) {
	for _, s := range w.all {
		if s.Labels["__name__"] == name && s.Labels["probe"] == probe {
			n++
		}
	}
	return n
}

// scripted is a transport that is the target, on the clock of a synctest bubble.
type scripted func(r *http.Request) (*http.Response, error)

func (s scripted) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// target makes a Prober whose target answers by a script.
func target(name string, every time.Duration, script scripted) *Prober {
	p, err := New(Settings{Name: name, Service: "shop", HTTP: "http://127.0.0.1:1/", Every: every})
	if err != nil {
		panic(err)
	}
	p.client.Transport = script
	return p
}

func answer(code int) *http.Response { return &http.Response{StatusCode: code, Body: http.NoBody} }

// TestSchedule: probes begin spread over their time, each again and again after its time, and
// none overlaps itself.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, mu, asked, open := time.Now(), sync.Mutex{}, map[string][]string{}, map[string]int{}
		script := func(name string, takes time.Duration) scripted {
			return func(r *http.Request) (*http.Response, error) {
				mu.Lock()
				asked[name] = append(asked[name], time.Since(begin).String())
				if open[name]++; open[name] > 1 {
					t.Errorf("%s overlaps itself", name)
				}
				mu.Unlock()
				select {
				case <-time.After(takes):
				case <-r.Context().Done():
				}
				mu.Lock()
				open[name]--
				mu.Unlock()
				if err := r.Context().Err(); err != nil {
					return nil, err
				}
				return answer(200), nil
			}
		}
		w := newWritten()
		r := NewRunner([]*Prober{
			target("a", 4*time.Second, script("a", time.Millisecond)), target("b", 4*time.Second, script("b", time.Second)),
			target("slow", 4*time.Second, script("slow", time.Hour)), target("rare", 8*time.Second, script("rare", 0)),
		}, w, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second-time.Millisecond)
		defer cancel()
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
		want := map[string][]string{"a": {"0s", "4s", "8s"}, "b": {"1s", "5s", "9s"}, "slow": {"2s", "6s", "10s"}, "rare": {"6s"}}
		if fmt.Sprint(asked) != fmt.Sprint(want) {
			t.Errorf("asked at %v, want %v", asked, want)
		}
		if n := w.count("probe_success", "slow"); n != 2 {
			t.Errorf("%d outcomes of the slow target are recorded, want 2: the third was ended with the process", n)
		}
		if len(w.ended) == 0 {
			t.Error("the series go on after the process has ended")
		}
		if r.Gaps() != 0 {
			t.Errorf("%d gaps: the end of the process is none", r.Gaps())
		}
	})
}

// TestFailuresAreCounted: counters begin at zero and count each result, and the gauges are those
// of the last probe.
func TestFailuresAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes := []int{200, 500, 200, 500, 500}
		w, logged := newWritten(), &bytes.Buffer{}
		r := NewRunner([]*Prober{target("home", 5*time.Second, func(*http.Request) (*http.Response, error) {
			code := codes[0]
			codes = codes[1:]
			time.Sleep(300 * time.Millisecond)
			return answer(code), nil
		})}, w, slog.New(slog.NewTextHandler(logged, nil)))
		ctx, cancel := context.WithTimeout(t.Context(), 22*time.Second)
		defer cancel()
		_ = r.Run(ctx)
		for label, want := range map[string]float64{"result=ok": 2, "result=status": 3, "result=timeout": 0} {
			if got := w.last("probe_requests_total", label); got != want {
				t.Errorf("%s: %v, want %v", label, got, want)
			}
		}
		for name, want := range map[string]float64{
			"probe_success": 0, "probe_http_status_code": 500, "probe_duration_seconds": 0.3, "probe_request_duration_seconds_count": 5, "probe_request_duration_seconds_sum": 1.5,
		} {
			if got := w.last(name, "service=shop"); got < want-1e-9 || got > want+1e-9 {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
		if w.last("probe_request_duration_seconds_bucket", "le=0.25") != 0 || w.last("probe_request_duration_seconds_bucket", "le=0.5") != 5 {
			t.Error("the durations are in the wrong buckets")
		}
		if first := w.all[0]; first.Samples[0].V != 0 || first.Labels["job"] != "shop" || first.Labels["probe"] != "home" {
			t.Errorf("the first sample is %v", first)
		}
		if n := strings.Count(logged.String(), "another result"); n != 3 {
			t.Errorf("%d changes of the result are logged, want 3: %s", n, logged)
		}
		if r.Failing() != 1 || r.Gaps() != 0 || r.Trouble() != "" {
			t.Errorf("%d failing, %d gaps, %q", r.Failing(), r.Gaps(), r.Trouble())
		}
	})
}

// off is the error of a target that gives no answer.
var off = &net.OpError{Op: "dial", Err: &net.DNSError{Err: "i/o timeout", Name: "shop.example"}}

// TestNetworkChecks: while no network check answers, a probe without an answer is a gap and no failure.
// A target that answers, if only badly, shows that the network works.
func TestNetworkChecks(t *testing.T) {
	f := func(check, script scripted, want string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			w := newWritten()
			probers := []*Prober{target("home", 5*time.Second, script)}
			if check != nil {
				p := target("elsewhere", 5*time.Second, check)
				p.Settings.NetworkCheck = true
				probers = append(probers, p)
			}
			r := NewRunner(probers, w, slog.New(slog.DiscardHandler))
			ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
			defer cancel()
			_ = r.Run(ctx)
			got := fmt.Sprintf("%v, %d gaps", w.last("probe_success", "probe=home"), r.Gaps())
			if got != want {
				t.Errorf("probe_success %s, want %s", got, want)
			}
		})
	}
	fails := func(*http.Request) (*http.Response, error) { return nil, off }
	connects := func(r *http.Request) (*http.Response, error) {
		httptrace.ContextClientTrace(r.Context()).ConnectDone("tcp", "", nil)
		return nil, errors.New("EOF") // what a port answers that is no web server
	}
	f(nil, fails, "0, 0 gaps")
	f(connects, fails, "0, 0 gaps")
	f(fails, connects, "0, 0 gaps")
	f(fails, fails, "-1, 3 gaps")
	f(fails, func(*http.Request) (*http.Response, error) { return answer(500), nil }, "0, 0 gaps")
}

// TestGaps: a gap ends the series once, is told, and what comes after it is counted on.
func TestGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, n := newWritten(), 0
		r := NewRunner([]*Prober{target("home", 5*time.Second, func(*http.Request) (*http.Response, error) {
			n++
			if n == 2 || n == 3 {
				return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "connect: network is unreachable"}}
			}
			return answer(200), nil
		})}, w, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		time.Sleep(11 * time.Second)
		if w.endings() == 0 || !strings.Contains(r.Trouble(), "home cannot be probed: this host cannot connect to anybody") || r.Gaps() != 2 {
			t.Errorf("%d series ended, %d gaps, %q", w.endings(), r.Gaps(), r.Trouble())
		}
		ended := w.endings()
		time.Sleep(10 * time.Second)
		if got := w.last("probe_requests_total", "result=ok"); got != 3 || r.Trouble() != "" || w.endings() != ended {
			t.Errorf("%v ok, %q, %d series ended; want 3, nothing, %d", got, r.Trouble(), w.endings(), ended)
		}
		w.mu.Lock()
		w.refuses = true
		w.mu.Unlock()
		time.Sleep(5 * time.Second)
		if !strings.Contains(r.Trouble(), "takes no samples") {
			t.Errorf("a store that refuses is told as %q", r.Trouble())
		}
		cancel()
		<-done
	})
}

// TestLate: a probe that this process begins too late is a gap.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWritten()
		r := NewRunner([]*Prober{target("home", 5*time.Second, func(*http.Request) (*http.Response, error) { return answer(500), nil })}, w, slog.New(slog.DiscardHandler))
		r.once(t.Context(), r.probes[0], time.Now().Add(-3*time.Second))
		if r.Gaps() != 1 || len(w.all) != 0 {
			t.Errorf("%d gaps, %d samples", r.Gaps(), len(w.all))
		}
		r.once(t.Context(), r.probes[0], time.Now().Add(-time.Second))
		if r.Failing() != 1 {
			t.Error("a probe that is little late is not counted")
		}
	})
}
