package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/pushback/pushback/dashboards/grafana"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// The systems outside the engine, in memory.

// shop is a metric store with the counters of some services: 50 requests a
// second each, 0.5 % of them errors, unless a scenario says otherwise.
type shop struct {
	clock  *clock
	phases map[string][]phase // by service, in time
	fault  error              // every question fails with it
	heavy  string             // so does every one that names this service; "": none
	frozen time.Time          // nothing newer has arrived; zero: all is fresh
	lag    time.Duration      // how long after it was measured a sample can be read
	mu     sync.Mutex
	asked  map[request]int // ranges, and how often each was asked for
}

// request is one range that the store was asked for.
type request struct {
	expr   string
	window sources.Window
}

// phase is how a service behaves from a moment on.
type phase struct {
	from   time.Time
	rate   float64 // requests a second
	errors float64 // of them
	gone   bool    // the series have ended
}

const scrape = 15 * time.Second

func newShop(c *clock) *shop {
	quiet := phase{from: began.Add(-24 * time.Hour), rate: 50, errors: 0.005}
	return &shop{clock: c, phases: map[string][]phase{"cart": {quiet}, "search": {quiet}}, asked: map[request]int{}}
}

// errors sets the share of errors from now on.
func (s *shop) errors(service string, share float64) {
	s.next(service, func(p *phase) { p.errors = share })
}

// lose ends every series of a service.
func (s *shop) lose(service string) { s.next(service, func(p *phase) { p.gone = true }) }

func (s *shop) next(service string, change func(*phase)) {
	all := s.phases[service]
	p := all[len(all)-1]
	p.from = s.clock.Now()
	change(&p)
	s.phases[service] = append(all, p)
}

var errDown = &sources.Fault{Kind: sources.SourceError, Store: "prod", Err: errors.New("connection refused")}

func (s *shop) Range(_ context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	s.mu.Lock()
	s.asked[request{q.Expr, w}]++
	s.mu.Unlock()
	return s.samples(q, w)
}

func (s *shop) samples(q sources.Query, w sources.Window) ([]sources.Series, error) {
	if s.fault != nil {
		return nil, s.fault
	}
	if s.heavy != "" && strings.Contains(q.Expr, s.heavy) {
		return nil, errDown
	}
	var answer []sources.Series
	for _, code := range codesOf(q.Expr) {
		line := sources.Series{Labels: map[string]string{"code": code}}
		for at := w.From; !at.After(w.To) && !at.After(s.newest()); at = at.Add(q.Step) {
			if v, ok := s.counter(q.Expr, code, at); ok {
				line.Samples = append(line.Samples, sources.Sample{T: at.UnixMilli(), V: v})
			}
		}
		if len(line.Samples) > 0 {
			answer = append(answer, line)
		}
	}
	return answer, nil
}

// codesOf are the codes of the series that an expression selects.
func codesOf(expr string) []string {
	if strings.Contains(expr, "code=~") {
		return []string{"500"}
	}
	return []string{"200", "500"}
}

// counter is the value of the counter with a code that an expression selects. All requests
// have whole numbers, as the bad ones do.
func (s *shop) counter(expr, code string, at time.Time) (v float64, ok bool) {
	var bad float64
	for service, phases := range s.phases {
		if !strings.Contains(expr, fmt.Sprintf("job=%q", service)) {
			continue
		}
		for i, p := range phases {
			until := at
			if i+1 < len(phases) && phases[i+1].from.Before(at) {
				until = phases[i+1].from
			}
			if !until.Before(p.from) {
				n := until.Sub(p.from).Seconds() * p.rate
				v, bad, ok = v+n, bad+n*p.errors, !p.gone
			}
		}
	}
	if code == "500" {
		return math.Floor(bad), ok
	}
	return math.Floor(v) - math.Floor(bad), ok
}

func (s *shop) Instant(_ context.Context, expr string, at time.Time) ([]sources.Series, error) {
	return s.samples(sources.Query{Expr: expr, Step: time.Minute}, sources.Window{From: at, To: at})
}

func (s *shop) Heartbeat(context.Context, time.Time) (time.Time, error) {
	return s.newest(), s.fault
}

func (s *shop) newest() time.Time {
	if s.frozen.IsZero() {
		return s.clock.Now().Add(-s.lag)
	}
	return s.frozen
}

func (*shop) HeartbeatExpr() string                   { return "" }
func (*shop) Resolution() time.Duration               { return scrape }
func (s *shop) Latency() time.Duration                { return s.lag }
func (*shop) MeasureResolution(context.Context) error { return nil }

// errCrash is a process that dies while the hook runs.
var errCrash = errors.New("kill -9")

// hook notes every call, and answers what do says.
type hook struct {
	calls  []rollback.Warrant
	do     func(call int) error        // nil: it works
	follow func(context.Context) error // instead of do: it follows a rollout
	works  func()                      // what working does to production; nil: nothing
}

func (h *hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	h.calls = append(h.calls, w)
	if h.follow != nil {
		return rollback.Receipt{}, h.follow(ctx)
	}
	if h.do != nil {
		if err := h.do(len(h.calls)); errors.Is(err, errCrash) {
			panic(errCrash)
		} else if err != nil {
			return rollback.Receipt{}, err
		}
	}
	if h.works != nil {
		h.works()
	}
	return rollback.Receipt{Status: "exit 0"}, nil
}

// mailbox is every receiver: what each got, and what each answers.
type mailbox struct {
	got    map[string][]notify.Message
	answer func(receiver string, attempt int) error // nil: taken
	tries  int
}

type receiver struct {
	box  *mailbox
	name string
}

func (m *mailbox) of(name string) notify.Sender { return receiver{m, name} }

func (r receiver) Send(_ context.Context, m notify.Message) error {
	r.box.tries++
	if r.box.answer != nil {
		if err := r.box.answer(r.name, r.box.tries); err != nil {
			return err
		}
	}
	if r.box.got == nil {
		r.box.got = map[string][]notify.Message{}
	}
	r.box.got[r.name] = append(r.box.got[r.name], m)
	return nil
}

// flat is a message in one text.
func flat(m notify.Message) string {
	return fmt.Sprintf("%s [%s] resolved=%v | %s | %s", m.Title, m.Severity, m.Resolved, strings.Join(m.SignalLines, "; "), strings.Join(m.Lines()[len(m.SignalLines):], " "))
}

func (m *mailbox) all(receiver string) string {
	var lines []string
	for _, message := range m.got[receiver] {
		lines = append(lines, flat(message))
	}
	return strings.Join(lines, "\n")
}

// board is Grafana: annotations by id.
type board struct {
	puts  []grafana.Annotation
	ids   map[string]int64 // by tag
	fault error
}

func (g *board) Put(_ context.Context, a grafana.Annotation) (int64, error) {
	g.puts = append(g.puts, a)
	if g.fault != nil {
		return 0, g.fault
	}
	if g.ids == nil {
		g.ids = map[string]int64{}
	}
	if g.ids[a.Tag] == 0 {
		g.ids[a.Tag] = int64(len(g.ids) + 1)
	}
	return g.ids[a.Tag], nil
}
