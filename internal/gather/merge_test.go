package gather

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/embedded"
	"github.com/pushback/pushback/sources/metrics/promql"
)

// counting counts the requests that reach a store, and may refuse some.
type counting struct {
	Ranger
	requests atomic.Int64
	refuse   func(expr string) error // nil: none
}

func (c *counting) Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	c.requests.Add(1)
	if c.refuse != nil {
		if err := c.refuse(q.Expr); err != nil {
			return nil, err
		}
	}
	return c.Ranger.Range(ctx, q, w)
}

func (c *counting) Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error) {
	c.requests.Add(1)
	return c.Ranger.Instant(ctx, expr, at)
}

// town is a real database with services that differ in what they have: counters that start again,
// gaps, series that end, other labels, and nothing at all.
func town(t testing.TB, r *rand.Rand, end time.Time) Ranger {
	t.Helper()
	db, err := embedded.New(metrics.Options{Name: "town", Log: slog.New(slog.DiscardHandler)}, embedded.Config{Dir: t.TempDir(), ScrapeInterval: 15 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	var all []sources.Series
	for _, service := range services[:len(services)-1] {
		for instance := range 1 + r.IntN(3) {
			labels := map[string]string{"service": service, "instance": fmt.Sprint("i", instance), "region": []string{"eu", "us"}[r.IntN(2)], "env": "prod"}
			for _, code := range []string{"200", "404", "500"} {
				all = append(all, drawn(r, end, with(labels, "__name__", "http_requests_total", "code", code), r.Float64()*20, true))
			}
			for _, le := range []string{"0.1", "0.5", "+Inf"} {
				all = append(all, drawn(r, end, with(labels, "__name__", "lat_bucket", "le", le), 5, true))
			}
			all = append(all, drawn(r, end, with(labels, "__name__", "depth"), 9, false))
		}
	}
	if err := db.Append(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	return db
}

// services are those of the town. The last has no series, and two have what a regular expression or
// a string must quote.
var services = []string{"cart", "search", "pay.ments", `a"b\c`, "cart2", "mail", "nobody"}

func with(labels map[string]string, pairs ...string) map[string]string {
	all := map[string]string{}
	for name, value := range labels {
		all[name] = value
	}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return all
}

func drawn(r *rand.Rand, end time.Time, labels map[string]string, rate float64, counter bool) sources.Series {
	s, v, ends := sources.Series{Labels: labels}, 0.0, r.IntN(10) == 0
	for at := end.Add(-30 * time.Minute); !at.After(end); at = at.Add(15 * time.Second) {
		switch {
		case !counter:
			v = math.Floor(rate * r.Float64())
		case r.IntN(60) == 0:
			v = 0
		default:
			v += math.Floor(rate * r.Float64())
		}
		if r.IntN(30) == 0 || ends && end.Sub(at) < 8*time.Minute {
			continue
		}
		s.Samples = append(s.Samples, sources.Sample{T: at.UnixMilli(), V: v})
	}
	return s
}

// expression draws what an author may write, and some of what nobody should. SERVICE stands for
// the service's name.
func expression(r *rand.Rand, depth int) string {
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	if depth == 0 {
		metric := pick("http_requests_total", "depth", "lat_bucket")
		extra := pick("", "", `,env="prod"`, `,code=~"5.."`, `,region="eu"`, `,instance!="i1"`, `,service!=""`)
		s := fmt.Sprintf(`%s{service="SERVICE"%s}`, metric, extra)
		return pick(s, s, s+" offset 1m", fmt.Sprintf("rate(%s[1m])", s), fmt.Sprintf("increase(%s[2m])", s), fmt.Sprintf("max_over_time(%s[1m])", s), fmt.Sprintf("timestamp(%s)", s))
	}
	e, f := expression(r, depth-1), expression(r, depth-1)
	by := pick("", "by (code)", "by (instance)", "by (service)", "by (le)", "by (service, code)", "without (instance)", "without (service, instance)", "without (code)")
	op := pick("sum", "max", "min", "avg", "count", "group", "stddev")
	switch r.IntN(14) {
	case 0, 1, 2, 3:
		return fmt.Sprintf("%s %s (%s)", op, by, e)
	case 4, 5:
		return fmt.Sprintf("%s %s %s", brackets(e), pick("/", "-", ">", "== bool", "*"), pick("2", "0.5", "(1 + 1)"))
	case 6:
		return fmt.Sprintf("sum by (instance) (%s) %s sum by (instance) (%s)", e, pick("/", "or", "and", "unless", ">="), f)
	case 7:
		return fmt.Sprintf("%s %s %s %s", brackets(e), pick("/", "+", "or", "unless", "and"), pick("", "on (instance)", "ignoring (code)", "on (service)", "ignoring (service)"), brackets(f))
	case 8:
		return `histogram_quantile(0.9, sum by (le) (rate(lat_bucket{service="SERVICE"}[2m])))`
	case 9:
		return pick("-", "abs", "scalar") + brackets(e)
	case 10:
		return fmt.Sprintf(`count_values by (code) ("service", %s)`, e)
	case 11:
		return fmt.Sprintf("%s or vector(0)", brackets(e))
	case 12:
		return fmt.Sprintf(`label_replace(%s, "service", "x", "", "")`, e)
	default:
		return fmt.Sprintf("max_over_time((%s)[3m:30s])", e)
	}
}

func brackets(e string) string { return "(" + e + ")" }

// Each question gets from a merged query exactly what the store would have answered it alone:
// over random expressions, services, windows and stores.
func TestMergedAnswersAreThoseOfSingleQuestions(t *testing.T) {
	end := time.Now().Truncate(time.Minute)
	var asked, requests, compared int64
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 14))
		store := town(t, r, end)
		for range 120 {
			expr := expression(r, 1+r.IntN(2))
			questions := questionsOf(r, expr, end)
			c := &counting{Ranger: store}
			merging := Merged(c, promql.Language{}, 5*time.Millisecond)
			answers := askTogether(t, merging, questions)
			for i, q := range questions {
				want := askOne(t, store, q)
				if diff := answers[i].differs(want); diff != "" {
					t.Fatalf("seed %d, %s for %s from %s: %s", seed, expr, q.query.Expr, end.Sub(q.window.From), diff)
				}
				compared += int64(len(want.series))
			}
			asked, requests = asked+int64(len(questions)), requests+c.requests.Load()
		}
	}
	t.Logf("%d questions were asked by %d requests; %d series", asked, requests, compared)
	if requests > asked*8/10 || compared < asked {
		t.Errorf("%d requests for %d questions, whose answers have %d series: hardly anything was merged", requests, asked, compared)
	}
}

type drawnQuestion struct {
	query  sources.Query
	window sources.Window
}

// questionsOf are what the watches of all services ask at one moment: in windows that begin at
// their own time, of which some are on another grid.
func questionsOf(r *rand.Rand, expr string, end time.Time) (all []drawnQuestion) {
	for _, s := range services {
		quoted := strings.Trim(fmt.Sprintf("%q", s), `"`)
		from := end.Add(-time.Duration(2+r.IntN(40)) * 15 * time.Second)
		if r.IntN(5) == 0 {
			from = from.Add(time.Duration(r.IntN(15_000)) * time.Millisecond)
		}
		q := drawnQuestion{sources.Query{Expr: strings.ReplaceAll(expr, "SERVICE", quoted), Step: 15 * time.Second}, sources.Window{From: from, To: end.Add(time.Duration(r.IntN(3)) * time.Second)}}
		if r.IntN(10) == 0 {
			q.query.Step, q.window.From = 0, end // an instant
		}
		all = append(all, q)
	}
	return all
}

type answered struct {
	series []sources.Series
	err    error
}

func askOne(t testing.TB, r Ranger, q drawnQuestion) (a answered) {
	if q.query.Step == 0 {
		a.series, a.err = r.Instant(t.Context(), q.query.Expr, q.window.From)
	} else {
		a.series, a.err = r.Range(t.Context(), q.query, q.window)
	}
	return a
}

func askTogether(t testing.TB, r Ranger, questions []drawnQuestion) []answered {
	answers := make([]answered, len(questions))
	var all sync.WaitGroup
	for i, q := range questions {
		all.Go(func() { answers[i] = askOne(t, r, q) })
	}
	all.Wait()
	return answers
}

// differs says how an answer differs from another, "" where it does not. Sums may differ in the last
// digits, because the order in which a store adds up is not said.
func (a answered) differs(b answered) string {
	if (a.err == nil) != (b.err == nil) {
		return fmt.Sprintf("the error is %v, alone %v", a.err, b.err)
	}
	mine, other := byLabels(a.series), byLabels(b.series)
	if len(mine) != len(other) {
		return fmt.Sprintf("%d series, alone %d:\n%v\n%v", len(mine), len(other), mine, other)
	}
	for key, s := range other {
		if !slices.EqualFunc(mine[key].Samples, s.Samples, func(x, y sources.Sample) bool { return x.T == y.T && math.Abs(x.V-y.V) <= 1e-7*math.Abs(y.V) }) {
			return fmt.Sprintf("%s: %v, alone %v", key, mine[key].Samples, s.Samples)
		}
	}
	return ""
}

func byLabels(all []sources.Series) map[string]sources.Series {
	by := map[string]sources.Series{}
	for _, s := range all {
		by[detector.LabelKey(s.Labels)] = s
	}
	return by
}
