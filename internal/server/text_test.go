package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// route is an address that is served, with its parameters in braces.
type route struct{ method, path string }

// allRoutes are the addresses of the API's document and those that the code registers.
func allRoutes(t *testing.T, p *testServer) (all []route) {
	t.Helper()
	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	_, body, _ := p.ask(http.MethodGet, "/openapi.json", "", "Authorization", "Bearer "+token)
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		t.Fatal(err)
	}
	for path, methods := range document.Paths {
		for method := range methods {
			all = append(all, route{strings.ToUpper(method), path})
		}
	}
	registered := regexp.MustCompile(`"(GET|POST) (/[^"]*)"`)
	for _, file := range []string{"routes.go", "openapi.go", "places.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range registered.FindAllStringSubmatch(string(text), -1) {
			all = append(all, route{found[1], strings.ReplaceAll(found[2], "{$}", "")})
		}
	}
	if len(all) < 45 {
		t.Fatalf("only %d routes were found: %v", len(all), all)
	}
	return all
}

// TestEveryRouteRefusesBadText sends text that PostgreSQL cannot store to every address,
// with and without a token. None of it reaches the store or the engine, which panic here.
func TestEveryRouteRefusesBadText(t *testing.T) {
	p := listen(t, func(o *Options) {
		o.Engine, o.Store, o.Rules = nil, nil, oneRule{}
		o.Sources = map[string]Endpoint{"ci": {Insecure: true}}
	})
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	bad := []string{"%00", "a%00b", "%FF", "%C0%AF", "%ED%A0%80", "caf%E9"}
	f := func(method, path string, headers ...string) {
		t.Helper()
		for _, signed := range [][]string{nil, {"Authorization", "Bearer " + token}} {
			status, body, _ := p.ask(method, path, "", append(signed, headers...)...)
			var problem api.Problem
			if err := json.Unmarshal([]byte(body), &problem); err != nil || status != http.StatusBadRequest || problem.Hint == "" {
				t.Errorf("%s %s %q: %d %s", method, path, headers, status, body)
			}
		}
	}
	for _, r := range allRoutes(t, p) {
		path := parameter.ReplaceAllString(r.path, "x")
		for _, text := range bad {
			if r.path != path {
				f(r.method, parameter.ReplaceAllString(r.path, text))
			}
			f(r.method, path+"?token="+text)
			f(r.method, path+"?"+text+"=1")
		}
		f(r.method, path+"?a=%zz")
		f(r.method, path, "User-Agent", "caf\xe9")
		f(r.method, path, "Cookie", sessionCookie+"=\xff")
		f(r.method, path, "X-Hub-Signature-256", "sha256=\xc0\xaf")
		if status, body, _ := p.ask(r.method, path+"?a="+strings.Repeat("x", maxQuery), ""); status != http.StatusRequestURITooLong {
			t.Errorf("%s %s with a long query: %d %s", r.method, path, status, body)
		}
	}
	f(http.MethodGet, "/assets/%00")
	f(http.MethodGet, "/nothing/%FF")
	if status, body, _ := p.ask(http.MethodGet, "/changes/"+strings.Repeat("x", maxPath), ""); status != http.StatusRequestURITooLong {
		t.Errorf("a long path: %d %s", status, body)
	}
}

// heard are Rules that note what people said.
type heard struct {
	Rules
	said []any
}

func (h *heard) Promote(_ context.Context, _ string, d api.TrustDecision) (api.RuleTrust, error) {
	h.said = append(h.said, d)
	return api.RuleTrust{}, nil
}

func (h *heard) Demote(ctx context.Context, rule string, d api.TrustDecision) (api.RuleTrust, error) {
	return h.Promote(ctx, rule, d)
}

func (h *heard) NoteBacktest(_ context.Context, _ string, b api.RuleBacktest) error {
	h.said = append(h.said, b)
	return nil
}

func (h *heard) FalseAlarm(_ context.Context, _ string, f api.FalseAlarm) error {
	h.said = append(h.said, f)
	return nil
}

func (h *heard) Missed(_ context.Context, _ string, m api.Missed) error {
	h.said = append(h.said, m)
	return nil
}

const (
	hostileText = "a\nm\u202e\u2066y\u200b\x1b[2J\u2028" + "\ufeff"
	cleanText   = "a my [2J"
)

// decisions are the operations by which people say something: path and further fields.
func decisions(key string) map[string]string {
	return map[string]string{
		"/v1/orders/" + key + "/approve":      "",
		"/v1/orders/" + key + "/reject":       "",
		"/v1/changes/" + key + "/clear":       "",
		"/v1/changes/" + key + "/false-alarm": "",
		"/v1/changes/" + key + "/missed":      "",
		"/v1/rules/red/promote":               `,"service":"*"`,
		"/v1/rules/red/demote":                `,"service":"*"`,
		"/v1/rules/red/backtest":              `,"rule_hash":"h","mode":"ask","judged":1,"false_alarms":0`,
		"/v1/holds":                           "",
		"/v1/holds/h1/release":                "",
		"/v1/incidents":                       `,"from":"2026-11-22T21:00:00Z"`,
		"/v1/incidents/i1/remove":             "",
	}
}

// TestWhatPeopleTypeIsOneLine sends text that would garble a page or a terminal to every
// operation with a name or a reason, and reads what was stored.
func TestWhatPeopleTypeIsOneLine(t *testing.T) {
	quoted, _ := json.Marshal(hostileText)
	for _, path := range []string{"/approve", "/reject", "/clear", "/false-alarm", "/missed", "/promote", "/demote", "/backtest", "/holds", "/release", "/incidents", "/remove"} {
		rules := &heard{}
		p := listen(t, func(o *Options) { o.Rules = rules })
		key := p.mustStore(bad)
		before := len(p.entries())
		for at, more := range decisions(key) {
			if strings.HasSuffix(at, "/release") && path == "/release" {
				post[api.Hold](p, "/v1/holds", `{"why":"w","actor":"x"}`, 200)
			}
			if strings.HasSuffix(at, "/remove") && path == "/remove" {
				post[api.Incident](p, "/v1/incidents", `{"why":"w","actor":"x","from":"2026-11-22T21:00:00Z"}`, 200)
			}
			if !strings.HasSuffix(at, path) {
				continue
			}
			before = len(p.entries())
			body := fmt.Sprintf(`{"actor":%s,"why":%[1]s%s}`, quoted, more)
			status, answer, _ := p.ask(http.MethodPost, at, body, "Content-Type", "application/json", "Authorization", "Bearer "+token)
			if status/100 != 2 {
				t.Fatalf("%s: %d %s", at, status, answer)
			}
		}
		said := fmt.Sprintf("%+v %+v", rules.said, p.entries()[before:])
		if !strings.Contains(said, cleanText) || strings.ContainsAny(said, "\n\u202e\u2066\u200b\x1b\u2028\ufeff") || strings.Contains(said, `\u20`) {
			t.Errorf("%s stored %q", path, said)
		}
	}
}

// entries reads the whole journal.
func (p *testServer) entries() (all []store.Entry) {
	p.t.Helper()
	err := p.store.Audit(context.Background(), testNow.AddDate(-1, 0, 0), testNow.AddDate(1, 0, 0), func(e store.Entry) error {
		all = append(all, e)
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

// Nobody decides under a name that nobody sees, and no body holds what no database can.
func TestBadTextInBodies(t *testing.T) {
	p := listen(t, func(o *Options) { o.Rules = &heard{} })
	key := p.mustStore(bad)
	for path, more := range decisions(key) {
		for actor, want := range map[string]int{
			`a\u0000b`: 400, "a\xffb": 400, "a\x00b": 400, `\ud800`: 400, `\udc00\ud800`: 400, `\ud83dx`: 400, `\ud83d\u0041`: 400,
			``: 422, ` `: 422, `\u202e`: 422, "\u200b\u2066": 422, `\u3164`: 422, strings.Repeat("x", 201): 422,
		} {
			body := `{"actor":"` + actor + `","why":"w"` + more + `}`
			status, answer, _ := p.ask(http.MethodPost, path, body, "Content-Type", "application/json", "Authorization", "Bearer "+token)
			if status != want || !utf8.ValidString(answer) || strings.Contains(answer, "\x00") {
				t.Errorf("%s by %q: %d %s, want %d", path, actor, status, answer, want)
			}
		}
	}
	if o, err := p.store.Order(t.Context(), key); err != nil || o.Actor != "" {
		t.Errorf("decided by %q, %v", o.Actor, err)
	}
	body := `{"actor":"am\ud83d\ude00y \\u0000","why":"w"}`
	if o := post[api.Order](p, "/v1/orders/"+key+"/reject", body, 200); o.Actor != `am😀y \u0000` {
		t.Errorf("by %q", o.Actor)
	}
}

func TestBadTextInForms(t *testing.T) {
	signed := []string{"Authorization", "Bearer " + token, "Content-Type", "application/x-www-form-urlencoded"}
	for _, verb := range []string{"approve", "reject"} {
		p := listen(t, nil)
		key := p.mustStore(bad)
		path := "/changes/" + key + "/" + verb
		for form, want := range map[string]int{
			"actor=a%00b": 400, "actor=%FF": 400, "actor=amy&why=%00": 400, "actor=amy&token=%00": 400, "actor=%zz": 400, "%00=1": 400,
			"actor=%E2%80%AE": 400, "actor=" + strings.Repeat("x", maxForm): 413,
		} {
			if status, body, _ := p.ask(http.MethodPost, path, form, signed...); status != want {
				t.Errorf("%s %.40s: %d %s, want %d", verb, form, status, body, want)
			}
		}
		form := url.Values{"actor": {hostileText}, "why": {hostileText + strings.Repeat("y", 5000)}}.Encode()
		p.ask(http.MethodPost, path, form, signed...)
		o, err := p.store.Order(t.Context(), key)
		if err != nil || o.Actor != cleanText || !strings.HasPrefix(o.Why+cleanText, cleanText) || strings.ContainsAny(o.Why, "\n\u202e") || len(o.Why) > sources.MaxText {
			t.Errorf("%s by %q: %q, %v", verb, o.Actor, o.Why, err)
		}
	}
	p := listen(t, nil)
	if status, body, _ := p.ask(http.MethodPost, "/signin", "token=%00&next=%FF", "Content-Type", "application/x-www-form-urlencoded"); status != 400 {
		t.Errorf("sign-in: %d %s", status, body)
	}
}

func TestCleanStrings(t *testing.T) {
	type inner struct {
		Text string
		at   string
	}
	in := struct {
		One  *inner
		Many []inner
		Any  any
		None *inner
		By   map[string]any
		N    int
	}{
		One: &inner{"a\n", "left\n"}, Many: []inner{{Text: "b\u202e"}}, N: 1,
		Any: map[string]any{"x": []any{"c\x1b", 1.0, nil, true}}, By: map[string]any{"y": "d\r\n"},
	}
	cleanStrings(reflect.ValueOf(&in))
	if got := fmt.Sprintf("%+v %+v %v %v", *in.One, in.Many, in.Any, in.By); got != "{Text:a at:left\n} [{Text:b at:}] map[x:[c 1 <nil> true]] map[y:d]" {
		t.Errorf("%q", got)
	}
}

// FuzzEscapes compares what is let through with what the decoder makes of it.
func FuzzEscapes(f *testing.F) {
	for _, text := range []string{`"\u0000"`, `"\\u0000"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83d\\ude00"`, `"\uDE00\uD83D"`, `"\u00"`, `"\"`, `{"\ud800":1}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var decoded any
		if !utf8.Valid(body) || bytes.ContainsRune(body, utf8.RuneError) || json.Unmarshal(body, &decoded) != nil {
			return
		}
		again, err := json.Marshal(decoded)
		if err != nil {
			t.Fatal(err)
		}
		lossy := bytes.Contains(again, []byte("\ufffd")) && !bytes.Contains(bytes.ToLower(body), []byte(`\ufffd`))
		if bad := lossy || nulEscape.Match(again); bad && sources.CheckEscapes(body) == nil {
			t.Errorf("%q is let through, and is %q", body, again)
		} else if !bad && sources.CheckEscapes(body) != nil && !bytes.Contains(bytes.ToLower(body), []byte(`\ufffd`)) && !hidden(body) {
			t.Errorf("%q is refused, and is %q", body, again)
		}
	})
}

// nulEscape is NUL as the encoder writes it, behind an even number of backslashes.
var nulEscape = regexp.MustCompile(`(^|[^\\])(\\\\)*\\u0000`)

// hidden says whether an object has a key twice, of which the decoder shows the last.
func hidden(body []byte) bool { return bytes.Count(body, []byte(":")) > 1 }
