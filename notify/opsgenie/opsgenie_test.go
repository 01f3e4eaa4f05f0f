package opsgenie

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

const token = "0123abcd-4567-89ef-0123-456789abcdef"

func newSender(t *testing.T, url string) notify.Sender {
	t.Helper()
	s, err := New(Config{TokenFile: sendertest.SecretFile(t, token), URL: url, Tags: []string{"deploys"}, Teams: []string{"shop"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	sendertest.Run(t, sendertest.Subject{New: newSender, Secrets: []string{token}})
}

// opsgenie is Opsgenie as its documentation has it: it enforces every limit.
type opsgenie struct {
	t      *testing.T
	alerts map[string]*shown // by alias
	*httptest.Server
}

// shown is an alert as people see it.
type shown struct {
	Message, Description, Priority string
	Status, By                     string
	Count                          int
	Log                            []string
}

func newOpsgenie(t *testing.T) *opsgenie {
	o := &opsgenie{t: t, alerts: map[string]*shown{}}
	o.Server = httptest.NewServer(http.HandlerFunc(o.serve))
	t.Cleanup(o.Close)
	return o
}

var actionPath = regexp.MustCompile(`^/v2/alerts/([^/]+)/(close|acknowledge|message|description)$`)

func (o *opsgenie) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	refuse := func(code int, why string) {
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"message": %q}`, why)
	}
	if r.Header.Get("Authorization") != "GenieKey "+token {
		refuse(401, "key")
		return
	}
	found := actionPath.FindStringSubmatch(r.URL.Path)
	switch {
	case r.URL.Path == "/v2/alerts" && r.Method == http.MethodPost:
		if why := o.create(body); why != "" {
			refuse(422, why)
			return
		}
	case found != nil && r.URL.Query().Get("identifierType") == "alias":
		if why := o.act(r.Method, found[1], found[2], body); why != "" {
			refuse(422, why)
			return
		}
	default:
		refuse(404, "no such path")
		return
	}
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprint(w, `{"result": "Request will be processed", "took": 0.3, "requestId": "43a29c5c"}`)
}

func long(text string, limit int) bool { return utf8.RuneCountInString(text) > limit }

func (o *opsgenie) create(body []byte) (why string) {
	var a alert
	if err := json.Unmarshal(body, &a); err != nil {
		return err.Error()
	}
	size := 0
	for key, value := range a.Details {
		size += utf8.RuneCountInString(key + value)
	}
	switch {
	case a.Message == "" || long(a.Message, 130):
		return "message"
	case long(a.Alias, 512), long(a.Description, 15000), long(a.Entity, 512), long(a.Source, 100), len(a.Tags) > 20, len(a.Responders) > 50, size > 8000:
		return "a field is too long"
	case !priority.MatchString(a.Priority):
		return "priority"
	}
	s := o.alerts[a.Alias]
	if s == nil || s.Status == "closed" {
		o.alerts[a.Alias] = &shown{Message: a.Message, Description: a.Description, Priority: a.Priority, Status: "open", Count: 1}
		return ""
	}
	s.Count++
	s.Log = append(s.Log, a.Message)
	return ""
}

func (o *opsgenie) act(method, alias, what string, body []byte) (why string) {
	var a struct{ User, Source, Note, Message, Description string }
	if err := json.Unmarshal(body, &a); err != nil {
		return err.Error()
	}
	s := o.alerts[alias]
	if s == nil {
		return "" // it is found out later, and nobody is told
	}
	if long(a.User, 100) || long(a.Note, 25000) || long(a.Message, 130) || long(a.Description, 15000) {
		return "a field is too long"
	}
	switch {
	case method == http.MethodPost && what == "close":
		s.Status = "closed"
	case method == http.MethodPost && what == "acknowledge":
		s.Status, s.By = "acknowledged", a.User
	case method == http.MethodPut && what == "message" && a.Message != "":
		s.Message = a.Message
	case method == http.MethodPut && what == "description" && a.Description != "":
		s.Description = a.Description
	default:
		return "no such action"
	}
	return ""
}

// An alert lives through a thread: one alert, whose text follows what becomes of the rollback, acknowledged by who
// decided, closed at the end; and another one when it comes again.
func TestLife(t *testing.T) {
	o := newOpsgenie(t)
	s := newSender(t, o.URL)
	send := func(edit func(*notify.Message)) *shown {
		t.Helper()
		m := sendertest.Message()
		edit(&m)
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if len(o.alerts) != 1 {
			t.Fatalf("%d alerts", len(o.alerts))
		}
		return o.alerts[alias(m)]
	}
	if a := send(func(m *notify.Message) { m.Severity = notify.Warning }); a.Status != "open" || a.Priority != "P3" || a.Count != 1 {
		t.Errorf("created as %+v", a)
	}
	order := func(title, by string) func(*notify.Message) {
		return func(m *notify.Message) { m.Kind, m.Title, m.TakenBy = "order", title, by }
	}
	if a := send(order("cart v2: waits", "")); a.Count != 2 || a.Message != "cart v2: waits" || !strings.HasPrefix(a.Description, "cart v2: waits\n") {
		t.Errorf("updated to %+v", a)
	}
	if a := send(order("cart v2: approved by amy", "amy")); a.Status != "acknowledged" || a.By != "amy" {
		t.Errorf("acknowledged as %+v", a)
	}
	if a := send(order("cart v2: rolled back", "")); a.Status != "acknowledged" || a.Message != "cart v2: rolled back" {
		t.Errorf("rolled back: %+v", a)
	}
	if a := send(func(m *notify.Message) { m.Resolved, m.TakenBy = true, "amy" }); a.Status != "closed" {
		t.Errorf("closed as %+v", a)
	}
	if a := send(func(*notify.Message) {}); a.Status != "open" || a.Priority != "P1" {
		t.Errorf("created again as %+v", a)
	}
}

// Whatever a message holds, it keeps within the limits.
func TestLimits(t *testing.T) {
	o := newOpsgenie(t)
	s := newSender(t, o.URL)
	for _, text := range []string{strings.Repeat("日本語 ", 5000), strings.Repeat("x ", 20000)} {
		keepsLimits(t, s, text)
	}
}

func keepsLimits(t *testing.T, s notify.Sender, text string) {
	t.Helper()
	m := notify.Message{Key: text, Title: text, Action: text, TakenBy: "", Severity: notify.Critical}
	for i := range 100 {
		m.SignalLines = append(m.SignalLines, text)
		m.Fields = append(m.Fields, notify.Field{Name: fmt.Sprint(i, text), Value: text})
	}
	for _, edit := range []func(){func() {}, func() { m.Kind = "order" }, func() { m.TakenBy = text }, func() { m.Resolved = true }} {
		edit()
		if err := s.Send(t.Context(), m); err != nil {
			t.Error(err)
		}
	}
}

func TestConfig(t *testing.T) {
	f := func(edit func(*Config), want string) {
		t.Helper()
		c := Config{TokenFile: sendertest.SecretFile(t, token)}
		edit(&c)
		_, err := New(c)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f(func(*Config) {}, "")
	f(func(c *Config) { c.URL = "https://api.eu.opsgenie.com/" }, "")
	f(func(c *Config) { c.TokenFile = "" }, "token_file is missing")
	f(func(c *Config) { c.Priorities = map[string]string{"critical": "P2"} }, "")
	f(func(c *Config) { c.Priorities = map[string]string{"critical": "high"} }, "priorities")
	f(func(c *Config) { c.Priorities = map[string]string{"fatal": "P1"} }, "priorities")
	f(func(c *Config) { c.Tags = []string{strings.Repeat("x", 51)} }, "tags")
	f(func(c *Config) { c.Tags = make([]string, 21) }, "tags")
}

// A wrong key or address can be repaired, and the message should arrive then.
func TestRepairable(t *testing.T) {
	o := newOpsgenie(t)
	s, err := New(Config{TokenFile: sendertest.SecretFile(t, "another-key-of-24-characters"), URL: o.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), sendertest.Message()); err == nil || errors.Is(err, notify.ErrPermanent) {
		t.Errorf("wrong key: %v", err)
	}
	if err := newSender(t, o.URL+"/typo").Send(t.Context(), sendertest.Message()); err == nil || errors.Is(err, notify.ErrPermanent) {
		t.Errorf("wrong address: %v", err)
	}
}
