package sendertest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources"
)

// marker is in every hostile text, by which the suite finds where it went.
const marker = "mAlLoRy"

// hostileNames are what a service, a version or a person may be called to call everybody, to
// look like a link of ours, or to begin another line, header or command of a protocol.
var hostileNames = []string{
	"<!channel>", "<!here>", "<!everyone>", "<!subteam^S012>", "<@U012>", "<@&012>", "<#C012|general>", "<https://evil.example|open Pushback>",
	"<mailto:a@evil.example|amy>", "<users/all>", "<at>everyone</at>", "@channel", "@here", "@everyone", "@all", "@Channel", "@room",
	"[approve](https://evil.example)", "[approve](javascript:alert(1))", "<javascript:alert(1)|approve>", "![x](https://evil.example/p.png)", "<img src=https://evil.example>", "<a href='https://evil.example'>approve</a>",
	"https://evil.example/approve", "a\r\nBcc: everybody@example.org", "a\nQUIT :bye", "a\rPRIVMSG #ops :approved", "a\x00b", "a\x1b[2Jb",
	"a\u202egpj.exe", "a\u200bb", "a\u2066b", "a\ufeffb", "a\u2028b", "a\u00a0b", "a\xffb", "{{ .ExternalURL }}", "${jndi:ldap://evil.example}", "%0d%0aX: y",
	"*bold* _italic_ ~struck~", "**bold** __under__ ~~struck~~ ||hidden||", "`code`", "```\ncode\n```", "# heading", "> quote", "- item", "1. item", "|a|b|",
	"www.evil.example", ":rotating_light:", "&lt;!channel&gt;", "&#60;!channel&#62;", "[approve][1]", "<t:0:R>", "{{DATE(2020-01-01T00:00:00Z, SHORT)}}",
	"<b>bold</b>", "<script>alert(1)</script>", "]]></text><text>x", "\\*bold\\*", "@mallory", "#general", "~town-square", "=?utf-8?q?=0AX:?=",
}

// HostileNames are texts from outside that some channel would take for more than text.
func HostileNames() []string { return slices.Clone(hostileNames) }

// takenForMore is what a chat takes for a mention, a link or markup.
var takenForMore = regexp.MustCompile(`(?i)<[!@#]|<(https?|mailto):|</?(img|a|at|users)\b|@(channel|here|everyone|all|room)\b|\]\(`)

// testHostileNames gives every field of a message a hostile name, and looks at every text of
// the body as the receiver decodes it, and at everything of the request beside the body.
func (s Subject) testHostileNames(t *testing.T) {
	for _, name := range hostileNames {
		r := s.accept(t)
		if err := s.New(t, r.URL).Send(t.Context(), named(marker+name+marker)); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		q := r.Requests()[0]
		if beside := q.Path + fmt.Sprint(q.Header); strings.Contains(beside, marker) {
			t.Errorf("%q is beside the body: %s", name, beside)
		}
		found := 0
		for _, text := range texts(t, q.Body) {
			found += strings.Count(text, marker)
			s.checkPlain(t, name, text)
		}
		if found < cmp.Or(s.Names, 6) {
			t.Errorf("%q: the body has %d of the names, so that this test sees too little: %s", name, found, q.Body)
		}
	}
}

// named is the example with one text in every field that others decide.
func named(text string) notify.Message {
	m := Message()
	m.Title, m.Action, m.SignalLines = text+" regressed", "Rolling back to "+text+".", []string{text, text + ": 1 → 2"}
	m.Fields = []notify.Field{
		{Name: "service", Value: text},
		{Name: "environment", Value: text},
		{Name: "region", Value: text},
		{Name: "version", Value: text},
		{Name: "rule", Value: text},
		{Name: "runbook", Value: text},
		{Name: "target", Value: text},
		{Name: "by", Value: text},
		{Name: "decided by", Value: text},
		{Name: "watched until", Value: text},
		{Name: notify.RecordField, Value: text},
		{Name: text, Value: text},
	}
	m.People = []notify.Person{{Name: text, Handles: map[string]string{"slack": text, "msteams": text, "email": text, "irc": text, "discord": text, "telegram": text, "matrix": text, "mattermost": text}}}
	m.Ask = &notify.Ask{Order: text, Target: text}
	m.Choices = []notify.Choice{{When: text, Shell: text, Chat: text, About: text}, {When: text, Shell: "pushback release " + text, Chat: "release", About: text}}
	return m
}

// Named is a message with one text in every field that others decide, for receivers that are no HTTP.
func Named(text string) notify.Message { return named(text) }

// CheckText checks that a text which people see is nothing but text, once what is the adapter's own is taken out.
func CheckText(t *testing.T, name, text string, own ...string) {
	t.Helper()
	Subject{Ours: own}.checkPlain(t, name, text)
}

func (s Subject) checkPlain(t *testing.T, name, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || sources.Invisible(r)) {
			t.Errorf("%q: the body has the character %U: %q", name, r, text)
		}
	}
	for line := range strings.Lines(text) {
		if !s.Data && (strings.HasPrefix(line, "QUIT") || strings.HasPrefix(line, "Bcc") || strings.HasPrefix(line, "PRIVMSG")) {
			t.Errorf("%q begins a line: %q", name, text)
		}
	}
	if s.Markup != nil {
		if live := s.Markup(text); len(live) > 0 {
			t.Errorf("%q: the receiver takes %q for markup: %q", name, live, text)
		}
	}
	ours := strings.NewReplacer("<"+Message().Link, "")
	for _, own := range s.Ours {
		text = strings.ReplaceAll(text, own, "")
	}
	if more := takenForMore.FindString(ours.Replace(text)); more != "" && !s.Data {
		t.Errorf("%q: a chat takes %q for more than text: %q", name, more, text)
	}
}

// hostileLinks are no addresses of pages.
var hostileLinks = []string{
	"javascript:alert(1)", "JavaScript://x/%0aalert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "//evil.example", "/relative",
	"https://me:" + marker + "@evil.example", "https://x.example/\r\nX: y", "ssh://x.example", "https:", "\x01javascript:x",
}

// testHostileLinks checks that every link of a body is an address of a page, and that a
// runbook is a link only if it is one.
func (s Subject) testHostileLinks(t *testing.T) {
	for _, link := range hostileLinks {
		m := Message()
		m.Link = link
		m.Fields = append(m.Fields, notify.Field{Name: "runbook", Value: link})
		r := s.accept(t)
		if err := s.New(t, r.URL).Send(t.Context(), m); err != nil {
			t.Fatalf("%q: %v", link, err)
		}
		checkLinks(t, link, decode(t, r.Requests()[0].Body))
		for _, text := range texts(t, r.Requests()[0].Body) {
			if notify.WebLink(link) != link && (strings.Contains(text, "(<"+link) || strings.Contains(text, `="`+link)) {
				t.Errorf("%q: it is a link in %q", link, text)
			}
		}
	}
}

// linkKeys are the keys whose values receivers make clickable.
var linkKeys = regexp.MustCompile(`(?i)^(href|link|url|client_url|generatorURL|runbook_url|image_url)$`)

func checkLinks(t *testing.T, link string, value any) {
	t.Helper()
	switch v := value.(type) {
	case []any:
		for _, each := range v {
			checkLinks(t, link, each)
		}
	case map[string]any:
		for key, each := range v {
			if text, is := each.(string); is && linkKeys.MatchString(key) && text != "" && notify.WebLink(text) != text {
				t.Errorf("%q: the link %s is %q", link, key, text)
			}
			checkLinks(t, link, each)
		}
	}
}

// testEchoedLink has the receiver repeat what it got in a refusal, whole and the token alone:
// errors are stored and shown to whoever may read.
func (s Subject) testEchoedLink(t *testing.T) {
	const token = "q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6j7K8l9Z0x1C"
	m := Message()
	m.Action = "To roll back: pushback approve k3y, or open " + m.Link + "/approve?token=" + token + " (until 12:00 UTC)."
	var r *Receiver
	answers := []func(body []byte) string{
		func(body []byte) string { return string(body) },
		func([]byte) string { return "unknown token " + token },
		func([]byte) string { return `{"error": "https://p/approve\u003ftoken\u003d` + token + `"}` },
	}
	for _, answer := range answers {
		r = s.receive(t, func(w http.ResponseWriter, _ *http.Request) {
			got := r.Requests()
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, answer(got[len(got)-1].Body))
		})
		err := s.New(t, r.URL).Send(t.Context(), m)
		if err == nil || strings.Contains(err.Error(), token[:12]) {
			t.Errorf("got %v, want an error without the token", err)
		}
		if body := string(r.Requests()[0].Body); !strings.Contains(body, token) {
			t.Errorf("people cannot approve by %s", body)
		}
	}
}

func decode(t *testing.T, body []byte) (value any) {
	t.Helper()
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// texts are all strings of a JSON document, the keys of its objects included.
func texts(t *testing.T, body []byte) (all []string) {
	t.Helper()
	var walk func(value any)
	walk = func(value any) {
		switch v := value.(type) {
		case string:
			all = append(all, v)
		case []any:
			for _, each := range v {
				walk(each)
			}
		case map[string]any:
			for key, each := range v {
				all = append(all, key)
				walk(each)
			}
		}
	}
	walk(decode(t, body))
	return all
}
