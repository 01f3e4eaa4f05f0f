package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts mistakes_* are a table of what people who are new to Pushback get wrong: each line is
// a mistake, and the words by which it is answered. A text begins with + where it follows what
// is right, and \n is a line break.

// rightSettings is a pushback.yml without mistakes, and rightRule the head of a rule.
const (
	rightSettings = "metrics: {prod: {kind: prometheus, url: \"http://127.0.0.1:9090\"}}\n"
	rightRule     = "team: shop\nrules:\n  - name: red\n    watch: {service: \"*\", environment: production}\n"
)

// settings checks a pushback.yml that has a mistake: settings TEXT WORDS…
func settings(ts *testscript.TestScript, _ bool, args []string) {
	wrong(ts, "c.yml", rightSettings, args)
	fails(ts, 2, "config", "check", "-c", ts.MkAbs("c.yml"))
	says(ts, args[1:])
}

// online checks a pushback.yml by asking what it names: online TEXT WORDS…
func online(ts *testscript.TestScript, _ bool, args []string) {
	wrong(ts, "c.yml", rightSettings, args)
	fails(ts, 1, "config", "check", "--online", "-c", ts.MkAbs("c.yml"))
	says(ts, args[1:])
}

// rule checks a file of rules that has a mistake, or with ! one that is warned about:
// rule TEXT WORDS…
func rule(ts *testscript.TestScript, warned bool, args []string) {
	ts.Check(os.MkdirAll(ts.MkAbs("rule"), 0o700))
	wrong(ts, "rule/r.yml", rightRule, args)
	code := 2
	if warned {
		code = 0
	}
	fails(ts, code, "rules", "check", "--rules", ts.MkAbs("rule"))
	says(ts, args[1:])
}

// sends sends a request that has a mistake: sends STATUS METHOD URL HEADER BODY WORDS… Several
// headers are separated by |.
func sends(ts *testscript.TestScript, _ bool, args []string) {
	request, err := http.NewRequest(args[1], args[2], strings.NewReader(args[4]))
	ts.Check(err)
	for header := range strings.SplitSeq(args[3], "|") {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	if !strings.HasPrefix(response.Status, args[0]) {
		ts.Fatalf("%s: %s, want %s", response.Status, body, args[0])
	}
	match(ts, string(body), args[5:])
}

func wrong(ts *testscript.TestScript, file, right string, args []string) {
	text := strings.ReplaceAll(strings.ReplaceAll(args[0], `\n`, "\n"), `\t`, "\t")
	if after, follows := strings.CutPrefix(text, "+"); follows {
		text = right + after
	}
	ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text+"\n"), 0o600))
}

func fails(ts *testscript.TestScript, code int, args ...string) {
	exits(ts, false, append([]string{string(rune('0' + code))}, args...))
}

// says matches what the last command wrote.
func says(ts *testscript.TestScript, words []string) {
	match(ts, ts.ReadFile("stdout")+ts.ReadFile("stderr"), words)
}

func match(ts *testscript.TestScript, text string, words []string) {
	for _, w := range words {
		if !regexp.MustCompile(w).MatchString(text) {
			ts.Fatalf("no match for %q in\n%s", w, text)
		}
	}
}

// notstore starts servers that are no metric store, and sets a variable for the URL of each; of PLAIN
// and TLS it is without the scheme.
func notstore(ts *testscript.TestScript, _ bool, _ []string) {
	answer := func(status int, kind, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	for name, h := range map[string]http.Handler{
		"GRAFANA": answer(200, "text/html", "<title>Grafana</title>"), "LOGINPAGE": answer(200, "text/html", "<html>"),
		"REDIRECTS": http.RedirectHandler("/login", http.StatusFound), "EXPORTER": answer(200, "text/plain", "up 1"),
		"NOTHING": answer(404, "text/plain", "404 page not found"), "LOGIN": answer(401, "text/plain", "Unauthorized"),
	} {
		server := httptest.NewServer(h)
		ts.Defer(server.Close)
		ts.Setenv(name, server.URL)
	}
	plain, tls := httptest.NewServer(answer(200, "application/json", "{}")), httptest.NewUnstartedServer(answer(200, "application/json", "{}"))
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	ts.Defer(plain.Close)
	ts.Defer(tls.Close)
	ts.Setenv("PLAIN", strings.TrimPrefix(plain.URL, "http:"))
	ts.Setenv("TLS", strings.TrimPrefix(tls.URL, "https:"))
}
