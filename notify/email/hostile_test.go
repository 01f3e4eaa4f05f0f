package email

import (
	"maps"
	"mime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

// headers are all that a mail has.
var headers = []string{
	"Auto-Submitted", "Content-Type", "Date", "From", "Importance", "In-Reply-To", "Message-Id", "Mime-Version", "References", "Subject", "To", "X-Auto-Response-Suppress", "X-Priority", "X-Msmail-Priority", "Priority",
}

// elements are all that the HTML has, with their attributes.
var elements = map[string][]string{
	"html": {"lang"}, "head": nil, "meta": {"charset", "name", "content"}, "title": nil, "body": {"style"}, "h1": {"style"}, "span": {"style"}, "p": {"style"}, "strong": nil, "code": nil,
	"a": {"href", "style"}, "table": {"style"}, "tbody": nil, "tr": nil, "th": {"scope", "style"}, "td": nil, "h2": {"style"}, "ul": {"style"}, "li": nil, "img": {"src", "alt", "style"},
}

func TestHostileTexts(t *testing.T) {
	k := newServer(t, None)
	s := k.sender(t, None)
	for _, name := range sendertest.HostileNames() {
		m := sendertest.Named("mAlLoRy" + name + "mAlLoRy")
		m.Sections = []notify.Section{{Title: name, Items: []notify.Item{{Text: name}}}}
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if n := checkMail(t, name, k.last(t), m.Link); n < 12 {
			t.Errorf("%q: the plain part has %d of the names, so that this test sees too little", name, n)
		}
	}
}

// Every awkward text in every field and form of a message is text in the subject, the plain part and the HTML.
func TestAwkwardTexts(t *testing.T) {
	k := newServer(t, None)
	s := k.sender(t, None)
	sendertest.Awkward(func(name, _ string, m notify.Message) {
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := k.last(t)
		if n := checkMail(t, name, got, m.Link); n < 6 {
			t.Errorf("%s: the plain part has %d of the texts, so that this test sees too little", name, n)
		}
		for kind, part := range got.parts {
			if len(part.body) > 64<<10 {
				t.Errorf("%s: %d bytes of %s", name, len(part.body), kind)
			}
		}
	})
}

// A command that people copy is in both parts as it is typed.
func TestChoices(t *testing.T) {
	k := newServer(t, None)
	m := sendertest.Message()
	m.Choices = []notify.Choice{{When: "To let it", Shell: "pushback rules promote shop_red-2 --service shop_cart-2"}}
	if err := k.sender(t, None).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := k.last(t)
	if !strings.Contains(got.parts["text/plain"].body, "\r\nTo let it: pushback rules promote shop_red-2 --service shop_cart-2\r\n") ||
		!strings.Contains(got.parts["text/html"].body, "To let it: <code>pushback rules promote shop_red-2 --service shop_cart-2</code>") {
		t.Errorf("%q", got.parts)
	}
}

// checkMail checks all of a mail whose texts come from others, and counts them in its plain part.
func checkMail(t *testing.T, name string, got received, link string) int {
	t.Helper()
	for header := range maps.Keys(got.header) {
		if !slices.Contains(headers, header) || len(got.header[header]) != 1 {
			t.Errorf("%q: the header %s is %q", name, header, got.header[header])
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.header.Get("Subject"))
	if err != nil || !strings.Contains(subject, sendertest.Marker) {
		t.Errorf("%q: the subject is %q", name, subject)
	}
	checkText(t, name, subject)
	plain := got.parts["text/plain"].body
	checkText(t, name, strings.ReplaceAll(strings.ReplaceAll(plain, "\r\n", "\n"), link, ""))
	checkHTML(t, name, got.parts["text/html"].body, link)
	return strings.Count(plain, sendertest.Marker)
}

func checkText(t *testing.T, name, text string) {
	t.Helper()
	sendertest.CheckText(t, name, text)
	for _, live := range []string{"://", "www.", "mailto:", "Bcc:"} {
		if at := strings.Index(text, live); at >= 0 && (live != "Bcc:" || at == 0 || text[at-1] == '\n') {
			t.Errorf("%q: a mail program makes a link or header of %q in %q", name, live, text)
		}
	}
}

// checkHTML reads the HTML as a mail program does: nothing but our own elements, and our own links.
func checkHTML(t *testing.T, name, page string, links ...string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
			checkText(t, name, strings.TrimSpace(n.Data))
		case html.ElementNode:
			allowed, known := elements[n.Data]
			if !known {
				t.Errorf("%q: the HTML has <%s>", name, n.Data)
			}
			for _, a := range n.Attr {
				if !slices.Contains(allowed, a.Key) || a.Key == "href" && !slices.Contains(links, a.Val) || a.Key == "style" && strings.Contains(a.Val, "url") {
					t.Errorf("%q: the HTML has %s=%q in <%s>", name, a.Key, a.Val, n.Data)
				}
			}
		}
	}
}

func FuzzSubject(f *testing.F) {
	for _, name := range sendertest.HostileNames() {
		f.Add(name)
	}
	s, err := New(Config{Host: "mail.example", From: "a@b.example", To: []string{"c@d.example"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = "x" + text // so that no line begins with what looks like a header
		out, err := s.compose(sendertest.Named(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		var whole strings.Builder
		if _, err := out.WriteTo(&whole); err != nil {
			t.Fatal(err)
		}
		got := read(t, whole.String())
		for header := range maps.Keys(got.header) {
			if !slices.Contains(headers, header) || len(got.header[header]) != 1 {
				t.Errorf("%q: the header %s is %q", text, header, got.header[header])
			}
		}
		checkHTML(t, text, got.parts["text/html"].body, sendertest.Message().Link, notify.WebLink(sendertest.Named(text).Truncated().FieldValues()["runbook"]))
	})
}
