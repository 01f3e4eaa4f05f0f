package prometheus

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"go.uber.org/goleak"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/metricstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	minute = `{"resultType":"matrix","result":[{"metric":{},"values":[[1772366400,"1"]]}]}`
	secret = "hunter2"
)

// answering is a server that always sends this answer.
func answering(status int, contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func ask(s *Store) ([]sources.Series, error) {
	q := sources.Query{Expr: "m", Step: 15 * time.Second}
	return s.Range(context.Background(), q, sources.Window{From: start, To: start.Add(time.Minute)})
}

func TestIncompleteAnswersAreFaults(t *testing.T) {
	f := func(name string, h http.Handler, want string) {
		t.Helper()
		_, err := ask(serve(t, h, Config{}))
		metricstest.CheckFault(t, name, err, sources.SourceError)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
		if len(fmt.Sprint(err)) > 300 {
			t.Errorf("%s: error of %d bytes", name, len(fmt.Sprint(err)))
		}
	}
	const j = "application/json"
	f("warning", answering(200, j, `{"status":"success","data":`+minute+`,"warnings":["one store is away"]}`), "one store is away")
	f("partial", answering(200, j, `{"status":"success", "isPartial" : true, "data":`+minute+`}`), "partial")
	f("login page", answering(200, "text/html; charset=utf-8", "<html>"), "web page")
	f("html as json", answering(200, j, "<html>"), "bad_response")
	f("empty", answering(200, j, ""), "bad_response")
	f("cut JSON", answering(200, j, `{"status":"success","data":{"resultType":"matrix","result":[{"met`), "bad_response")
	f("an error with 200", answering(200, j, `{"status":"error","errorType":"internal","error":"odd"}`), "odd")
	f("unavailable", answering(503, "text/plain", "starting"), "")
	f("bad gateway", answering(502, "text/plain", strings.Repeat("x", 1<<20)), "502")
	f("unauthorized", answering(401, "text/plain", "no"), "401")
	f("many lines", answering(422, j, `{"status":"error","errorType":"execution","error":"`+strings.Repeat(`a\n`, 900)+`"}`), "execution")
	f("a string", answering(200, j, `{"status":"success","data":{"resultType":"string","result":[1,"x"]}}`), "")
	matrix := func(series string) string {
		return `{"status":"success","data":{"resultType":"matrix","result":[` + series + `]}}`
	}
	f("JSON that is called text", answering(200, "text/plain", `{"status":"success","data":`+minute+`}`), "not with JSON")
	f("a vector for a range", answering(200, j, `{"status":"success","data":{"resultType":"vector","result":[]}}`), "the answer is a vector")
	f("a series twice", answering(200, j, matrix(`{"metric":{"a":"b"},"values":[]},{"metric":{"a":"b"},"values":[]}`)), "a series twice")
	f("an hour ahead", answering(200, j, matrix(`{"metric":{},"values":[[1772370000,"1"]]}`)), "not asked for")
	f("an hour behind", answering(200, j, matrix(`{"metric":{},"values":[[1772362800,"1"]]}`)), "not asked for")
	f("backwards", answering(200, j, matrix(`{"metric":{},"values":[[1772366415,"1"],[1772366400,"1"]]}`)), "in order of time")
	f("a moment twice", answering(200, j, matrix(`{"metric":{},"values":[[1772366415,"1"],[1772366415,"2"]]}`)), "in order of time")
	f("cut body", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"status":`)
	}), "reading the answer")
}

func TestWrongInstantAnswersAreFaults(t *testing.T) {
	f := func(name, result, want string) {
		t.Helper()
		s := serve(t, answering(200, "application/json", `{"status":"success","data":`+result+`}`), Config{})
		_, err := s.Heartbeat(t.Context(), start)
		metricstest.CheckFault(t, name, err, sources.SourceError)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	f("a range", `{"resultType":"matrix","result":[{"metric":{},"values":[[1772366400,"1772366400"]]}]}`, "a range of values")
	f("twice", `{"resultType":"vector","result":[{"metric":{},"value":[1772366400,"1"]},{"metric":{},"value":[1772366400,"2"]}]}`, "a series twice")
	f("of another time", `{"resultType":"vector","result":[{"metric":{},"value":[1772370000,"1772366400"]}]}`, "not asked for")
	f("a beat in the future", `{"resultType":"vector","result":[{"metric":{},"value":[1772366400,"1772370000"]}]}`, "in the future")
	f("no time at all", `{"resultType":"vector","result":[{"metric":{},"value":[1772366400,"1e308"]}]}`, "in the future")
}

func TestAnswerThatIsNotPartial(t *testing.T) {
	body := `{"status":"success","isPartial":false,"data":` + minute + `,"infos":["just so you know"]}`
	got, err := ask(serve(t, answering(200, "application/json", body), Config{}))
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
}

func TestBodyIsBoundedUnpacked(t *testing.T) {
	bomb := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		zeros := make([]byte, 1<<20)
		for range 2 {
			_, _ = z.Write(zeros)
		}
		_ = z.Close()
	})
	s := serve(t, bomb, Config{})
	s.client.Transport.(*transport).limit = 1 << 20
	_, err := ask(s)
	metricstest.CheckFault(t, "bomb", err, sources.SourceError)
	if err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("error %v does not give the limit", err)
	}
}

func TestNoSecretInErrors(t *testing.T) {
	dead := httptest.NewServer(nil)
	dead.Close()
	f := func(name, url string) {
		t.Helper()
		s := serve(t, nil, Config{URL: url, Headers: map[string]string{"X-Key": secret}, Params: map[string]string{"key": secret}})
		_, err := ask(s)
		metricstest.CheckFault(t, name, err, sources.SourceError, secret)
	}
	f("refused", dead.URL)
	for _, url := range []string{"http://user:" + secret + "@host", "http://user:" + secret + "@%zz", "ftp://user:" + secret + "@host", "http://user:" + secret + "@h?x=1"} {
		if _, err := New(metrics.Options{Name: "x"}, Config{URL: url}); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("error of New is %v, want one without the password", err)
		}
	}
}

func TestTimeoutAndCancelEndTheCall(t *testing.T) {
	hang := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	_, err := ask(serve(t, hang, Config{Timeout: 20 * time.Millisecond}))
	metricstest.CheckFault(t, "timeout", err, sources.SourceError)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not wrap DeadlineExceeded", err)
	}
}

func TestLongRangesAreSplitAndJoined(t *testing.T) {
	f := &fake{samples: []sources.Sample{{T: start.UnixMilli(), V: 1}}}
	q := sources.Query{Expr: "m", Step: time.Millisecond}
	w := sources.Window{From: start, To: start.Add(24_999 * time.Millisecond)}
	got, err := serve(t, f, Config{}).Range(t.Context(), q, w)
	if err != nil || len(got) != 1 {
		t.Fatalf("%d series, %v", len(got), err)
	}
	if len(f.requests) != 3 {
		t.Errorf("%d requests, want 3", len(f.requests))
	}
	for i, s := range got[0].Samples {
		if s.T != start.UnixMilli()+int64(i) {
			t.Fatalf("point %d at %d, want %d", i, s.T, start.UnixMilli()+int64(i))
		}
	}
	if n := len(got[0].Samples); n != 15_000 { // the fake looks back 15 s
		t.Errorf("%d points, want 15000", n)
	}
}

func TestNativeHistogramsAndNonNumbers(t *testing.T) {
	body := `{"status":"success","data":{"resultType":"matrix","result":[
		{"metric":{"le":"x"},"histograms":[[1772366400,{"count":"3","sum":"4.5","buckets":[[0,"0.5","1","2"],[0,"1","2","1"]]}]]},
		{"metric":{"a":"b"},"values":[[1772366400,"NaN"],[1772366415,"2"],[1772366430,"+Inf"]]},
		{"metric":{"only":"nan"},"values":[[1772366400,"NaN"]]}]}}`
	got, err := ask(serve(t, answering(200, "application/json", body), Config{}))
	want := []sources.Series{
		{Labels: map[string]string{"le": "x"}, Histograms: []sources.HistogramSample{{
			T: 1772366400000, Count: 3, Sum: 4.5, Buckets: []sources.Bucket{{Lower: 0.5, Upper: 1, Count: 2}, {Lower: 1, Upper: 2, Count: 1}},
		}}},
		{Labels: map[string]string{"a": "b"}, Samples: []sources.Sample{{T: 1772366415000, V: 2}}},
	}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%v, %v; want %v", got, err, want)
	}
}

func TestInstantGivesOneSample(t *testing.T) {
	scalar := answering(200, "application/json", `{"status":"success","data":{"resultType":"scalar","result":[1772366400,"4"]}}`)
	got, err := serve(t, scalar, Config{}).Instant(t.Context(), "4", start)
	if err != nil || len(got) != 1 || got[0].Samples[0].V != 4 {
		t.Errorf("scalar: %v, %v", got, err)
	}
	matrix := answering(200, "application/json", `{"status":"success","data":`+minute+`}`)
	_, err = serve(t, matrix, Config{}).Instant(t.Context(), "m[5m]", start)
	metricstest.CheckFault(t, "matrix", err, sources.SourceError)
}

func TestLatencyOffsetHidesTheEdge(t *testing.T) {
	f := &fake{samples: metricstest.Samples(start)}
	s := serve(t, f, Config{LatencyOffset: 30 * time.Second})
	s.now = func() time.Time { return start.Add(time.Minute) }
	got, err := ask(s)
	if err != nil || len(got) != 1 || len(got[0].Samples) != 3 {
		t.Errorf("%v, %v; want the points up to 30 s before now", got, err)
	}
	got, err = s.Instant(t.Context(), "m", start.Add(time.Minute))
	if err != nil || len(got) != 1 || got[0].Samples[0].V != 3 {
		t.Errorf("instant: %v, %v; want the value of 30 s before now", got, err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(`{"status":"success","data":` + minute + `}`)
	f.Add(`{"status":"success","isPartial":true}`)
	f.Add(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"1","sum":"NaN"}]}]}}`)
	f.Add(`<html>`)
	f.Fuzz(func(t *testing.T, body string) {
		s := fixed(t, body)
		series, err := ask(s)
		if err != nil && !errors.As(err, new(*sources.Fault)) {
			t.Fatalf("%v is no Fault", err)
		}
		for _, line := range series {
			if len(line.Samples)+len(line.Histograms) == 0 {
				t.Fatal("a series of nothing")
			}
		}
	})
}

// fixed returns a store whose transport returns body without a network.
func fixed(t *testing.T, body string) *Store {
	t.Helper()
	answer := roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: 200, Status: "200 OK", Header: http.Header{}, Request: r,
			Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	})
	transport := &transport{next: answer, home: func(*url.URL) bool { return true }, limit: maxBodyBytes}
	client, err := api.NewClient(api.Config{Address: "http://store", RoundTripper: transport})
	if err != nil {
		t.Fatal(err)
	}
	return &Store{name: metricstest.Name, config: Config{}.withDefaults(), api: v1.NewAPI(client), now: time.Now}
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRefusedIsNotFailed(t *testing.T) {
	f := func(status int, answer string, want bool) {
		t.Helper()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(answer))
		}))
		defer server.Close()
		s, err := New(metrics.Options{Name: "s"}, Config{URL: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		_, err = s.Instant(t.Context(), "x", start)
		var fault *sources.Fault
		if !errors.As(err, &fault) || fault.Refused != want {
			t.Errorf("%d %s: %+v, want refused %v", status, answer, fault, want)
		}
	}
	answer := func(kind, text string) string {
		return fmt.Sprintf(`{"status":"error","errorType":%q,"error":%q}`, kind, text)
	}
	f(422, answer("422", `error when executing query="histogram_count(memory_limit_bytes)": unknown func "histogram_count"`), true)
	f(400, answer("bad_data", `1:1: parse error: unknown function with name "histogram_count"`), true)
	f(422, answer("execution", `found duplicate series for the match group`), true)
	f(422, answer("execution", "query processing would load too many samples into memory in query execution"), false)
	f(422, answer("execution", "proxy Series(): rpc error: code = Unavailable desc = lost"), false)
	f(422, answer("422", "the number of matching timeseries exceeds 300000; increase -search.maxUniqueTimeseries"), false)
	f(503, answer("timeout", "query timed out"), false)
	f(500, answer("internal", "disk"), false)
	f(400, "bad gateway", false)
	f(200, answer("execution", "unknown function"), true)
}
