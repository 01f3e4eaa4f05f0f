package prometheus

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// plainAnswers are those that are read in one pass.
var plainAnswers = []string{
	`{"status":"success","data":{"resultType":"matrix","result":[]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"cart"},"values":[[1700000000,"1"],[1700000015.5,"0.25"],[1700000030.123,"NaN"]]},{"metric":{},"values":[[-1,"-1e300"],[0,"+Inf"]]}]}}`,
	`{"status":"success","isPartial":false,"data":{"resultType":"matrix","result":[{"metric":{"a":"\u00e4\"\\"},"values":[[1700000000.1,"12"],[1700000000.12345,"0x1p-2"]]}]},"stats":{"seriesFetched":"1","executionTimeMsec":3}}`,
	"\n { \"data\" : {\"result\":[{\"values\":[[1,\"7\"]] , \"metric\":{\"b\":\"\"}}],\"resultType\":\"matrix\"},\"infos\":[\"PromQL info\"],\"status\":\"success\"}\t",
}

// otherAnswers are left to the client, which refuses some of them.
var otherAnswers = []string{
	``, `{}`, `[]`, `null`, `{"status":"success"}`,
	`{"status":"success","data":{"resultType":"matrix"}}`,
	`{"status":"success","data":{"resultType":"matrix","result":null}}`,
	`{"status":"success","data":{"resultType":"vector","result":[]}}`,
	`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}`,
	`{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}`,
	`{"status":"error","data":{"resultType":"matrix","result":[]},"errorType":"execution","error":"no"}`,
	`{"status":"error","data":{"resultType":"matrix","result":[]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[]},"warnings":["a part is missing"]}`,
	`{"status":"success","data":{"resultType":"matrix","result":[]}} {}`,
	`{"status":"success","data":{"resultType":"matrix","result":[`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1,"2"]`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":1},"values":[]}]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,2]]}]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2",3]]}]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[["1","2"]]}]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1e3,"2"]]}]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"two"]]}]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1e999"]]}]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"\u0031"]]}]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b","a":"c"},"values":[]}]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"":""}}]}}`,
	`{"status":"success","status":"error","data":{"resultType":"matrix","result":[]}}`,
	`{"Status":"error","status":"success","data":{"resultType":"matrix","result":[]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[[1,{"count":"1","sum":"1","buckets":[[0,"0","1","1"]]}]]}]}}`,
	`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[],"more":1}]}}`,
}

func TestPlainAnswersAreReadOnce(t *testing.T) {
	t.Parallel()
	for _, body := range plainAnswers {
		if _, err := readMatrix([]byte(body)); err != nil {
			t.Errorf("%s\n%v", body, err)
		}
	}
	for _, body := range otherAnswers {
		if m, err := readMatrix([]byte(body)); err == nil {
			t.Errorf("%s\nwas read as %v", body, m)
		}
	}
}

// What is read in one pass is what the client reads.
func FuzzReadMatrix(f *testing.F) {
	for _, body := range append(plainAnswers, otherAnswers...) {
		f.Add([]byte(body))
	}
	f.Add(matrixOf(3, 4, time.Unix(1_700_000_000, 0), 15*time.Second))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := readMatrix(body)
		if err != nil {
			return
		}
		want, warnings, _, err := v1.NewAPI(recorded(body)).QueryRange(t.Context(), "up", v1.Range{Step: time.Second})
		if err != nil || len(warnings) > 0 {
			t.Fatalf("the client says %v, warnings %q", err, warnings)
		}
		if diff := cmp.Diff(want, model.Value(got), cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}

// recorded is an API client that always has the same answer.
type recorded []byte

func (recorded) URL(string, map[string]string) *url.URL { return &url.URL{} }

func (r recorded) Do(ctx context.Context, _ *http.Request) (*http.Response, []byte, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(nil))}, r, nil
}

var _ api.Client = recorded(nil)

// BenchmarkReadMatrix reads what a look gets for a signal of one service, and what is asked for many at once.
func BenchmarkReadMatrix(b *testing.B) {
	for name, body := range map[string][]byte{
		"one series": matrixOf(1, 60, time.Unix(1_700_000_000, 0), 15*time.Second),
		"200 series": matrixOf(200, 120, time.Unix(1_700_000_000, 0), 15*time.Second),
	} {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := readMatrix(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
