package reliability

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// metrics is a metric store with the data of the shop. It has the part of Prometheus's
// HTTP API that Pushback uses. Different stores have different paths:
// /<store>/api/v1/…
type metrics struct {
	shop    *shop
	now     func() time.Time
	stopped time.Time // of the last scrape; zero: it still scrapes
}

// line is one series of a result.
type line struct {
	Metric map[string]string `json:"metric"`
	Values [][2]any          `json:"values,omitempty"`
	Value  *[2]any           `json:"value,omitempty"`
}

// answer is the data of a response.
type answer struct {
	ResultType string `json:"resultType"`
	Result     any    `json:"result"`
}

func (m *metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(envelope(m.answer(r)))
}

func envelope(a answer) map[string]any { return map[string]any{"status": "success", "data": a} }

// answer evaluates the query of a request.
func (m *metrics) answer(r *http.Request) answer {
	q := question{expr: r.FormValue("query"), now: m.now(), stopped: m.stopped}
	if strings.HasSuffix(r.URL.Path, "/query_range") {
		q.from, q.to, q.step = seconds(r, "start"), seconds(r, "end"), seconds(r, "step")
		return answer{"matrix", m.lines(q)}
	}
	at := seconds(r, "time")
	q.from, q.to, q.step = at, at, 1
	lines := m.lines(q)
	for i := range lines {
		if n := len(lines[i].Values); n > 0 {
			lines[i].Value, lines[i].Values = &lines[i].Values[n-1], nil
		}
	}
	return answer{"vector", lines}
}

// question is a query over a time range in Unix seconds.
type question struct {
	expr           string
	from, to, step float64
	now, stopped   time.Time
}

var serviceLabel = regexp.MustCompile(`service=~?"([^"]+)"`)

// lines evaluates the three kinds of queries that Pushback sends here: the pulse,
// whether a counter exists, and the counter itself. The last two are asked for one service, or
// for several.
func (m *metrics) lines(q question) []line {
	lines := []line{}
	if strings.Contains(q.expr, "timestamp(up)") {
		return append(lines, q.over(map[string]string{}, func(at time.Time) float64 { return float64(at.Unix()) }))
	}
	if found := serviceLabel.FindStringSubmatch(q.expr); found != nil {
		for service := range strings.SplitSeq(found[1], "|") {
			lines = append(lines, m.linesOf(service, q)...)
		}
	}
	return lines
}

func (m *metrics) linesOf(service string, q question) []line {
	switch {
	case strings.HasPrefix(q.expr, "group("):
		return []line{q.over(map[string]string{}, func(time.Time) float64 { return 1 })}
	case strings.HasPrefix(q.expr, "group by (service) ("):
		return []line{q.over(map[string]string{"service": service}, func(time.Time) float64 { return 1 })}
	}
	failed := q.over(m.labels(service, "500"), func(at time.Time) float64 { _, f := m.shop.counts(service, at); return f })
	if strings.Contains(q.expr, "5..") {
		return []line{failed}
	}
	good := q.over(m.labels(service, "200"), func(at time.Time) float64 { g, _ := m.shop.counts(service, at); return g })
	return []line{good, failed}
}

func (m *metrics) labels(service, code string) map[string]string {
	return map[string]string{"__name__": "http_requests_total", "service": service, "code": code}
}

// over evaluates value at every step, up to now. Scrapes are at whole seconds, and the
// last scrape is repeated until the next one.
func (q question) over(labels map[string]string, value func(time.Time) float64) line {
	l := line{Metric: labels, Values: [][2]any{}}
	for n := range int((q.to-q.from)/max(q.step, 0.001)) + 1 {
		t := q.from + float64(n)*q.step
		at := time.UnixMilli(int64(t * 1000))
		if at.After(q.now.Add(time.Second)) {
			break
		}
		if !q.stopped.IsZero() && at.After(q.stopped) {
			at = q.stopped
		}
		v := value(at.Truncate(time.Second))
		l.Values = append(l.Values, [2]any{t, strconv.FormatFloat(v, 'f', -1, 64)})
	}
	return l
}

// seconds reads a time or a duration in seconds; 0 if it is missing.
func seconds(r *http.Request, name string) float64 {
	v, err := strconv.ParseFloat(r.FormValue(name), 64)
	if err != nil {
		return 0
	}
	return v
}
