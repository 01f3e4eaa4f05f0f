package sendertest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pushback/pushback/notify"
)

// awkward are texts that services, versions, people and commits may be called, each of which some channel acts on, hides
// or breaks at: one for each way.
var awkward = []struct{ name, text string }{
	{"markup", "*bold* _italic_ ~struck~ **b** __u__ ||hidden|| `code` ```\nfence\n``` # heading\n> quote\n- item :rotating_light: \\*"},
	{"right-to-left override", "v2\u202egpj.exe\u2066\u2069\u200f"},
	{"zero width", "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\U000e0041h\u115fi"},
	{"ten kilobytes", strings.Repeat("long line ", 1<<10)},
	{"line ends", "a\r\nQUIT :bye\r\n.\r\nBcc: everybody@example.org\nPRIVMSG #ops :approved\rTOPIC #ops :x\u2028b\u2029c\u0085d\x00e\vf"},
	{"mentions", "@everyone @here @channel @all @room @mallory <!channel> <!subteam^S012> <@U012> <@&012> <users/all> <at>everyone</at> #general"},
	{"links", "[approve](javascript:alert(1)) <javascript:alert(1)|approve> <https://evil.example|open> [x][1] ![p](https://evil.example/p.png) www.evil.example mailto:a@evil.example"},
	{"tables", "|a|b|\n|---|---|\n|c\\|d||"},
	{"terminal", "\x1b[2J\x1b]8;;https://evil.example\x07click\x1b]8;;\x07\u009b31m\x02\x0304,01red\x0f\b\b"},
	{"broken text", "\xff\xfe\xc0\x80 \xed\xa0\x80 👩\u200d👩\u200d👧 🏳\ufe0f\u200d🌈 e\u0301\u0301\u0301"},
	{"templates", "{{ .Token }} {{DATE(2020-01-01T00:00:00Z, SHORT)}} ${jndi:ldap://evil.example} %0d%0aX: y $(id) `id` %s %d {0} =?utf-8?q?=0AX:?="},
	{"HTML", "</p></pre></textarea><script>alert(1)</script><img src=x onerror=alert(1)><a href='https://evil.example'>approve</a>&lt;!channel&gt;&#60;b>--><!-- ]]>"},
}

// AwkwardTexts are the texts themselves, for what is no message.
func AwkwardTexts() (all []string) {
	for _, a := range awkward {
		all = append(all, a.text)
	}
	return all
}

// shape is one of the forms that a message takes, in which a channel may show other fields than in the others.
type shape struct {
	name string
	made func(text string) notify.Message
}

// shapes are messages with one text in every field that others decide, in each form that a channel treats in its own
// way: while people are asked, when somebody has decided, what comes of it, the end of a thread, and a digest.
func shapes() []shape {
	with := func(change func(m *notify.Message, text string)) func(text string) notify.Message {
		return func(text string) notify.Message {
			m := named(text)
			change(&m, text)
			return m
		}
	}
	return []shape{
		{"people are asked", named},
		{"somebody has decided", with(func(m *notify.Message, text string) { m.Ask, m.TakenBy = nil, text })},
		{"an order", with(func(m *notify.Message, _ string) { m.Ask, m.Kind = nil, "order" })},
		{"the end", with(func(m *notify.Message, _ string) { m.Ask, m.Resolved = nil, true })},
		{"a digest", with(func(m *notify.Message, text string) {
			m.Ask, m.Choices, m.Kind, m.Severity, m.Fields, m.People = nil, nil, "digest", notify.Info, nil, nil
			m.Sections = []notify.Section{{Title: text, Items: []notify.Item{{Text: text, Link: m.Link}, {Text: text, Link: text}}, More: 1}}
		})},
	}
}

// Awkward calls f with each awkward text in each shape, for receivers whose tests are their own. The text begins with a
// marker, by which it is found.
func Awkward(f func(name, text string, m notify.Message)) {
	for _, s := range shapes() {
		for _, a := range awkward {
			f(a.name+" while "+s.name, marker+a.text, s.made(marker+a.text))
		}
	}
}

// Marker is in every text of Awkward.
const Marker = marker

// testAwkward sends every awkward text in every field and shape, and looks at all that arrives.
func (s Subject) testAwkward(t *testing.T) {
	seen := 0
	Awkward(func(name, _ string, m notify.Message) {
		r := s.accept(t)
		if err := s.New(t, r.URL).Send(t.Context(), m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, q := range r.Requests() {
			if beside := q.Path + fmt.Sprint(q.Header); strings.Contains(beside, marker) {
				t.Errorf("%s: it is beside the body: %s", name, beside)
			}
			if len(q.Body) > maxBody || !json.Valid(q.Body) {
				t.Errorf("%s: %d bytes, valid JSON: %v", name, len(q.Body), json.Valid(q.Body))
				continue
			}
			for _, text := range texts(t, q.Body) {
				seen += strings.Count(text, marker)
				s.checkPlain(t, name, text)
			}
			checkLinks(t, name, decode(t, q.Body))
		}
		r.Close()
	})
	if seen < len(awkward)*len(shapes()) {
		t.Errorf("the texts arrive %d times, so that this test sees too little", seen)
	}
}

// testAwkward is Subject.testAwkward for receivers that are no HTTP servers.
func (s Text) testAwkward(t *testing.T) {
	seen := 0
	Awkward(func(name, _ string, m notify.Message) {
		all := strings.Join(s.send(t, m), "\n")
		seen += strings.Count(all, marker)
		if len(all) > s.Max {
			t.Errorf("%s: %d bytes, more than %d", name, len(all), s.Max)
		}
		Subject{}.checkPlain(t, name, all)
	})
	if seen < len(awkward)*len(shapes()) {
		t.Errorf("people see the texts %d times, so that this test sees too little", seen)
	}
}

// testChoices checks that a command which people copy arrives as it is, or as the command of the chat.
func (s Subject) testChoices(t *testing.T) {
	r := s.accept(t)
	if err := s.New(t, r.URL).Send(t.Context(), offering()); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(texts(t, r.Requests()[0].Body), "\n")
	for _, c := range offering().Choices {
		if !strings.Contains(all, c.When) || !strings.Contains(all, c.Shell) {
			t.Errorf("no %q in %s", c.Line(), all)
		}
	}
}

// testChoices is Subject.testChoices, where a chat may have a command of its own.
func (s Text) testChoices(t *testing.T) {
	all := strings.Join(s.send(t, offering()), "\n")
	for _, c := range offering().Choices {
		if !strings.Contains(all, c.When) || !strings.Contains(all, c.Shell) && !strings.Contains(all, "!"+c.Chat+" "+c.About) {
			t.Errorf("no %q in %s", c.Line(), all)
		}
	}
}

// offering is a message with each kind of choice.
func offering() notify.Message {
	m := Message()
	m.Choices = []notify.Choice{
		{When: "If it is a false alarm", Shell: "pushback false-alarm k6igxhxpnl", Chat: "false-alarm", About: "k6igxhxpnl"},
		{When: "To let it", Shell: "pushback rules promote shop_red-2 --service shop_cart-2"},
	}
	return m
}
