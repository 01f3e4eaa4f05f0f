package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pushback/pushback/internal/proof/servertest"
)

// exits runs pushback and checks its exit code: exits 2 rules check.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("pushback", args[1:]...)
	var failed *exec.ExitError
	got := 0
	if errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// eventually runs pushback until its output has a text: eventually TEXT audit export.
func eventually(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		ts.Check(ts.Exec("pushback", args[1:]...))
		if strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
	}
	ts.Fatalf("no output had %q", args[0])
}

// recorded copies recorded series and changes into a folder: recorded FOLDER.
func recorded(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.CopyFS(ts.MkAbs(args[0]), os.DirFS("../../internal/backtest/testdata")))
}

// address sets a variable to a free address of this host: address DAEMON.
func address(ts *testscript.TestScript, _ bool, args []string) {
	port, err := servertest.FreePort()
	ts.Check(err)
	ts.Setenv(args[0], "127.0.0.1:"+port)
}

// answers waits until an address answers with a status below 300 and, if one
// is given, with a text: answers http://… healthy. With ! it waits for an answer
// without the text.
func answers(ts *testscript.TestScript, without bool, args []string) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		response, err := http.Get(args[0])
		if err != nil {
			continue
		}
		body := new(strings.Builder)
		_, err = io.Copy(body, response.Body)
		if err == nil && response.StatusCode < 300 && (len(args) < 2 || strings.Contains(body.String(), args[1]) != without) {
			return
		}
	}
	ts.Fatalf("%s did not answer as wanted", args[0])
}

// outside sets a variable to the URL of a server that answers as Prometheus and as
// Grafana: outside UP. Below /empty the Prometheus has no samples, and below /pods two
// series of everything. Grafana takes the token "right-token-of-grafana".
func outside(ts *testscript.TestScript, _ bool, args []string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/empty/api/v1/query_range":
			_, _ = io.WriteString(w, `{"status":"success","data":{"resultType":"matrix","result":[]}}`)
		case r.URL.Path == "/api/v1/query_range":
			_, _ = io.WriteString(w, growing(r.FormValue("start"), r.FormValue("end"), r.FormValue("step")))
		case strings.HasPrefix(r.URL.Path, "/pods/api/v1/"):
			now, series := time.Now().Unix(), `{"metric":{"pod":%q,"code":"200"},"value":[%d,"1"]}`
			_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[`+series+","+series+"]}}", "a", now, "b", now)
		case strings.HasPrefix(r.URL.Path, "/empty/api/v1/"):
			_, _ = io.WriteString(w, `{"status":"success","data":{"resultType":"vector","result":[]}}`)
		case strings.HasPrefix(r.URL.Path, "/api/v1/"):
			now := time.Now().Unix()
			_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[%d,"%d"]}]}}`, now, now)
		case r.Header.Get("Authorization") != "Bearer right-token-of-grafana":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			_, _ = io.WriteString(w, "[]")
		}
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// receiver sets a variable to the URL of a server that takes messages and writes them into a file: receiver CHAT
// FILE. Below /refuse it refuses them, and repeats everything that it got.
func receiver(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[1])
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || strings.HasPrefix(r.URL.Path, "/refuse") {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "no_service for %s %v %s", r.URL, r.Header, body)
			return
		}
		f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = fmt.Fprintf(f, "%s %s\n", r.URL.Path, body)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// growing is the answer to a range query: one counter, which grows by 1 a second.
func growing(start, end, step string) string {
	var numbers [3]float64
	for i, text := range []string{start, end, step} {
		numbers[i], _ = strconv.ParseFloat(text, 64) // 0 gives no points
	}
	var points []string
	for t := numbers[0]; t <= numbers[1] && numbers[2] > 0; t += numbers[2] {
		points = append(points, fmt.Sprintf(`[%.3f,"%.0f"]`, t, t))
	}
	return `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[` + strings.Join(points, ",") + `]}]}}`
}

// changed writes series of eight hours around a change whose bake of ten minutes ends in a
// moment, and sets a variable to when it was: changed FOLDER AT. The level of bad rises
// tenfold then, and that of good stays.
func changed(ts *testscript.TestScript, _ bool, args []string) {
	at := time.Now().Add(3*time.Second - 10*time.Minute).Truncate(time.Second)
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o700))
	for name, rise := range map[string]float64{"bad": 10, "good": 1} {
		text, random := new(strings.Builder), rand.New(rand.NewPCG(1, 2))
		fmt.Fprintln(text, "timestamp,value")
		for t := at.Add(-8 * time.Hour); t.Before(at.Add(20 * time.Minute)); t = t.Add(10 * time.Second) {
			level := 100 + random.NormFloat64()
			if t.After(at) {
				level *= rise
			}
			fmt.Fprintf(text, "%d,%.3f\n", t.Unix(), level)
		}
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[0]), name+".csv"), []byte(text.String()), 0o600))
	}
	ts.Setenv(args[1], at.UTC().Format(time.RFC3339))
}

// keys sets a variable for the key of each change in an exported record, in their order:
// keys FILE KEY sets KEY1, KEY2 and so on.
func keys(ts *testscript.TestScript, _ bool, args []string) {
	var found []string
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var entry struct{ Change string }
		ts.Check(json.Unmarshal([]byte(line), &entry))
		if entry.Change != "" && !slices.Contains(found, entry.Change) {
			found = append(found, entry.Change)
			ts.Setenv(fmt.Sprintf("%s%d", args[1], len(found)), entry.Change)
		}
	}
}
