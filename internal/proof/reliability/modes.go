package reliability

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// outageMode is one way in which a metric store fails. fail gets the right answer, sound,
// because most modes give a wrong form of it while the service goes bad.
type outageMode struct {
	name string
	what string
	fail func(w http.ResponseWriter, r *http.Request, sound answer)
}

// outageModes are all modes, grouped by what fails: the connection, the status, the
// body, the numbers.
func outageModes() []outageMode {
	var all []outageMode
	for _, group := range [][]outageMode{connectionModes(), statusModes(), bodyModes(), numberModes()} {
		all = append(all, group...)
	}
	return all
}

func connectionModes() []outageMode {
	return []outageMode{
		{"hang", "accepts the request and never answers", func(_ http.ResponseWriter, r *http.Request, _ answer) { <-r.Context().Done() }},
		{"drip", "sends a byte every half second", drip},
		{"reset", "the connection is reset", hijacked(func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) })},
		{"closed", "the connection ends without an answer", hijacked(func(net.Conn) {})},
		{"foreign", "another protocol speaks", hijacked(func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n") })},
		{"half", "the connection ends half-way through the body", half},
		{"refused", "nobody listens", nil},
		{"tls", "a certificate that is not trusted", nil},
	}
}

func statusModes() []outageMode {
	f := func(code int, what string) outageMode {
		return outageMode{fmt.Sprintf("status%d", code), what, func(w http.ResponseWriter, _ *http.Request, sound answer) {
			writeJSON(w, code, "application/json", envelope(sound))
		}}
	}
	return []outageMode{
		f(400, "bad request"), f(401, "unauthorized"), f(403, "forbidden"), f(404, "not found"), f(422, "cannot be executed"),
		f(429, "too many requests"), f(500, "server error"), f(502, "bad gateway"), f(503, "unavailable"), f(504, "gateway timeout"),
		f(204, "no content"),
		{"redirect", "redirects to a login page", func(w http.ResponseWriter, r *http.Request, _ answer) {
			if strings.HasSuffix(r.URL.Path, "/login") {
				login(w)
				return
			}
			http.Redirect(w, r, "login", http.StatusFound)
		}},
		{"loop", "redirects to itself forever", func(w http.ResponseWriter, r *http.Request, _ answer) {
			http.Redirect(w, r, r.URL.Path+"?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
		}},
	}
}

func bodyModes() []outageMode {
	text := func(kind string, f func(sound string) string) func(http.ResponseWriter, *http.Request, answer) {
		return func(w http.ResponseWriter, _ *http.Request, sound answer) {
			b, _ := json.Marshal(envelope(sound))
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, f(string(b)))
		}
	}
	const j = "application/json"
	with := func(more string) func(string) string {
		return func(s string) string { return `{` + more + `,` + s[1:] }
	}
	return []outageMode{
		{"html", "a login page", func(w http.ResponseWriter, _ *http.Request, _ answer) { login(w) }},
		{"htmljson", "a web page that is called JSON", text(j, func(string) string { return "<html><body>Sign in</body></html>" })},
		{"kind", "an answer of another content type", text("text/plain", func(s string) string { return s })},
		{"nobody", "an empty body", text(j, func(string) string { return "" })},
		{"cut", "JSON cut in half", text(j, func(s string) string { return s[:len(s)/2] })},
		{"invalid", "invalid JSON", text(j, func(s string) string { return strings.Replace(s, `":`, `"=`, 1) })},
		{"deep", "a million nested lists", text(j, func(string) string {
			return `{"status":"success","data":` + strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000) + `}`
		})},
		{"error", "an error with status 200", text(j, func(s string) string { return strings.Replace(s, "success", "error", 1) })},
		{"warning", "data with a warning", text(j, with(`"warnings":["one store is away"]`))},
		{"partial", "data that says it is partial", text(j, with(`"isPartial":true`))},
		{"large", "200 MB", large},
		{"bomb", "a gzip bomb of 10 GB", bomb},
		{"nogzip", "is called gzip, and is not", func(w http.ResponseWriter, _ *http.Request, sound answer) {
			w.Header().Set("Content-Encoding", "gzip")
			writeJSON(w, http.StatusOK, j, envelope(sound))
		}},
	}
}

// numbers answers with valid JSON whose lines f has changed.
func numbers(f func([]line) []line) func(http.ResponseWriter, *http.Request, answer) {
	return func(w http.ResponseWriter, _ *http.Request, sound answer) {
		if lines, ok := sound.Result.([]line); ok {
			sound.Result = f(lines)
		}
		writeJSON(w, http.StatusOK, "application/json", envelope(sound))
	}
}

// points changes every point of every line.
func points(f func(p [2]any) [2]any) func(http.ResponseWriter, *http.Request, answer) {
	return numbers(func(lines []line) []line {
		for i := range lines {
			for k, p := range lines[i].Values {
				lines[i].Values[k] = f(p)
			}
			if v := lines[i].Value; v != nil {
				p := f(*v)
				lines[i].Value = &p
			}
		}
		return lines
	})
}

func value(v string) func(http.ResponseWriter, *http.Request, answer) {
	return points(func(p [2]any) [2]any { return [2]any{p[0], v} })
}

func later(d time.Duration) func(http.ResponseWriter, *http.Request, answer) {
	return points(func(p [2]any) [2]any { return [2]any{p[0].(float64) + d.Seconds(), p[1]} })
}

func numberModes() []outageMode {
	return []outageMode{
		{"empty", "no series at all", numbers(func([]line) []line { return []line{} })},
		{"nan", "every value NaN", value("NaN")},
		{"inf", "every value +Inf", value("+Inf")},
		{"huge", "every value 1e308", value("1e308")},
		{"words", "values that are not numbers", value("many")},
		{"negative", "counters below zero, with a good pulse", negative},
		{"ahead", "every time an hour ahead", later(time.Hour)},
		{"behind", "every time an hour behind", later(-time.Hour)},
		{"twice", "every series twice", numbers(func(lines []line) []line { return append(lines, lines...) })},
		{"unordered", "points in the wrong order", numbers(func(lines []line) []line {
			for i := range lines {
				v := lines[i].Values
				for a, b := 0, len(v)-1; a < b; a, b = a+1, b-1 {
					v[a], v[b] = v[b], v[a]
				}
			}
			return lines
		})},
		{"type", "another type of result", func(w http.ResponseWriter, _ *http.Request, sound answer) {
			writeJSON(w, http.StatusOK, "application/json", envelope(answer{"string", [2]any{1, "up"}}))
		}},
		{"vector", "a vector for a range query, and a matrix for an instant query", swapped},
		{"frozen", "stopped scraping: the last sample is repeated forever", nil},
		{"cached", "a proxy that gives the answers from before the outage", nil},
	}
}

// negative changes only counters, not the pulse or the query whether a counter exists.
func negative(w http.ResponseWriter, r *http.Request, sound answer) {
	if strings.HasPrefix(r.FormValue("query"), "http_requests_total") {
		points(func(p [2]any) [2]any { return [2]any{p[0], "-" + p[1].(string)} })(w, r, sound)
		return
	}
	writeJSON(w, http.StatusOK, "application/json", envelope(sound))
}

// swapped answers a range query with a vector, and an instant query with a matrix.
func swapped(w http.ResponseWriter, _ *http.Request, sound answer) {
	lines, _ := sound.Result.([]line)
	kind := "vector"
	for i, l := range lines {
		if l.Value != nil {
			kind, lines[i].Values, lines[i].Value = "matrix", [][2]any{*l.Value}, nil
		} else if n := len(l.Values); n > 0 {
			lines[i].Value, lines[i].Values = &l.Values[n-1], nil
		}
	}
	writeJSON(w, http.StatusOK, "application/json", envelope(answer{kind, lines}))
}

func writeJSON(w http.ResponseWriter, code int, kind string, v any) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

func login(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<html><body><form>Sign in</form></body></html>")
}

// hijacked calls f with the connection, and closes it.
func hijacked(f func(net.Conn)) func(http.ResponseWriter, *http.Request, answer) {
	return func(w http.ResponseWriter, _ *http.Request, _ answer) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		f(c)
		_ = c.Close()
	}
}

func half(w http.ResponseWriter, _ *http.Request, sound answer) {
	b, _ := json.Marshal(envelope(sound))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(b)))
	_, _ = w.Write(b[:len(b)/2])
	panic(http.ErrAbortHandler)
}

func drip(w http.ResponseWriter, r *http.Request, sound answer) {
	b, _ := json.Marshal(envelope(sound))
	w.Header().Set("Content-Type", "application/json")
	for i := range b {
		if _, err := w.Write(b[i : i+1]); err != nil || r.Context().Err() != nil {
			return
		}
		w.(http.Flusher).Flush()
		pause(r.Context(), 500*time.Millisecond)
	}
}

// large is the right answer followed by spaces, which JSON allows.
func large(w http.ResponseWriter, _ *http.Request, sound answer) {
	writeJSON(w, http.StatusOK, "application/json", envelope(sound))
	flood(w, 200<<20)
}

func bomb(w http.ResponseWriter, _ *http.Request, sound answer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	_ = json.NewEncoder(z).Encode(envelope(sound))
	flood(z, 10<<30)
	_ = z.Close()
}

func flood(w io.Writer, n int) {
	spaces := []byte(strings.Repeat(" ", 1<<20))
	for range n >> 20 {
		if _, err := w.Write(spaces); err != nil {
			return
		}
	}
}
