package sendertest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pushback/pushback/notify"
)

// Text is a sender under test whose receiver is no HTTP server. Send delivers a message and returns every text that
// a person then sees, as the receiver got it.
type Text struct {
	Send    func(t *testing.T, m notify.Message) (texts []string, err error)
	Secrets []string // no error and no text may contain one of them
	Max     int      // bytes of all texts of one message together
	NoToken bool     // no text has the links by which people approve
}

// RunText runs the tests of the contract that concern texts: what comes from outside stays plain text, of bounded
// size, whatever it is called.
func RunText(t *testing.T, s Text) {
	t.Run("hostile text", s.testLongText)
	t.Run("hostile names", s.testNames)
	t.Run("hostile links", s.testLinks)
	t.Run("awkward texts", s.testAwkward)
	t.Run("choices", s.testChoices)
	t.Run("approval link", s.testToken)
}

func (s Text) send(t *testing.T, m notify.Message) []string {
	t.Helper()
	texts, err := s.Send(t, m)
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) == 0 {
		t.Fatal("nothing arrived")
	}
	for _, secret := range s.Secrets {
		if strings.Contains(strings.Join(texts, "\n"), secret) {
			t.Errorf("the secret %q is in %q", secret, texts)
		}
	}
	return texts
}

func (s Text) testLongText(t *testing.T) {
	long := strings.Repeat("<!channel> & <https://evil.example|click> \"'\n\x00\xff\u2028\x02\x0304,01", 1000)
	m := Message()
	m.Title, m.Action, m.Link = long, long, "javascript:alert(1)//"+long
	for i := range 1000 {
		m.SignalLines = append(m.SignalLines, long)
		m.Fields = append(m.Fields, notify.Field{Name: fmt.Sprint(i, long), Value: long})
	}
	texts := s.send(t, m)
	if n := len(strings.Join(texts, "\n")); n > s.Max {
		t.Errorf("%d bytes, more than %d", n, s.Max)
	}
	for _, text := range texts {
		Subject{}.checkPlain(t, "long", text)
	}
}

func (s Text) testNames(t *testing.T) {
	for _, name := range hostileNames {
		found := 0
		for _, text := range s.send(t, named(marker+name+marker)) {
			found += strings.Count(text, marker)
			Subject{}.checkPlain(t, name, text)
		}
		if found < 6 {
			t.Errorf("%q: people see %d of the names, so that this test sees too little", name, found)
		}
	}
}

func (s Text) testLinks(t *testing.T) {
	for _, link := range hostileLinks {
		m := Message()
		m.Link = link
		for _, text := range s.send(t, m) {
			if strings.Contains(text, link) && notify.WebLink(link) != link {
				t.Errorf("%q: the link is in %q", link, text)
			}
		}
	}
}

func (s Text) testToken(t *testing.T) {
	const token = "q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6j7K8l9Z0x1C"
	m := Message()
	m.Action = "To roll back: pushback approve k3y, or open " + m.Link + "/approve?token=" + token + " (until 12:00 UTC)."
	text := strings.Join(s.send(t, m), "\n")
	if strings.Contains(text, token) == s.NoToken {
		t.Errorf("the token is there: %v; %q", !s.NoToken, text)
	}
	if !strings.Contains(text, "pushback approve k3y") {
		t.Errorf("people cannot approve by %q", text)
	}
}

// CheckTexts sends the messages that matter most, and returns what people see of each, for a golden file.
func CheckTexts(t *testing.T, send func(t *testing.T, m notify.Message) ([]string, error)) string {
	t.Helper()
	var b strings.Builder
	for _, e := range importantMessages(t) {
		texts, err := send(t, e.Message)
		if err != nil && !errors.Is(err, notify.ErrPermanent) {
			t.Fatal(err)
		}
		b.WriteString("## " + e.When + "\n" + strings.Join(texts, "\n") + "\n\n")
	}
	return b.String()
}
