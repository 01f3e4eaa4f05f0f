package teams

import (
	"encoding/json"
	"flag"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	workflow  = "/workflows/0123abcd/triggers/manual/paths/invoke"
	signature = "sIgNaTuRe0123456789abcdef"
)

func newSender(t *testing.T, url string) notify.Sender {
	t.Helper()
	s, err := New(Config{URLFile: sendertest.SecretFile(t, url+workflow+"?api-version=1&sig="+signature)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	sendertest.Run(t, sendertest.Subject{New: newSender, Secrets: []string{workflow, signature}})
}

func TestFormats(t *testing.T) {
	r := sendertest.NewReceiver(t, sendertest.Accept)
	sendertest.CheckFormats(t, newSender(t, r.URL), r, *update)
}

// markup is what the Markdown of a FactSet acts on.
var markup = regexp.MustCompile("[*`~\\[\\]\\\\<>&]|(^|\\PL)_|_($|\\PL)|^(#+ |[-+] |\\d+[.)] )|://|\\{\\{|www\\.")

func TestFacts(t *testing.T) {
	for _, name := range sendertest.HostileNames() {
		m := sendertest.Message()
		m.Fields = []notify.Field{{Name: name, Value: name}, {Name: "version", Value: "cart_api-v1.2_3"}}
		m = m.Truncated().Plain()
		facts := facts(m.Fields)
		if live := markup.FindString(facts[0].Title) + markup.FindString(facts[0].Value); live != "" {
			t.Errorf("%q is shown as %q, of which %q is live", name, facts[0].Value, live)
		}
		if facts[1].Value != "cart_api-v1.2_3" {
			t.Errorf("a harmless version is shown as %q", facts[1].Value)
		}
	}
}

func TestMentions(t *testing.T) {
	people := []notify.Person{
		{Name: "Amy O'Neil</at><at>everyone", Handles: map[string]string{"msteams": "amy@corp.example"}},
		{Name: "bob", Handles: map[string]string{"msteams": "everyone"}},
		{Name: "<>", Handles: map[string]string{"msteams": "carl@corp.example"}},
		{Name: "dan"},
	}
	got := mentions(notify.Message{People: people})
	want := []entity{
		{"mention", "<at>Amy O'Neilatateveryone</at>", mentioned{"amy@corp.example", "Amy O'Neilatateveryone"}},
		{"mention", "<at>carl</at>", mentioned{"carl@corp.example", "carl"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestActions(t *testing.T) {
	m := sendertest.Message()
	m.Action = "Open " + m.Link + "/approve?token=a-_b (until 12:00 UTC), not https://evil.example/approve?token=x."
	m.Fields = append(m.Fields, notify.Field{Name: "runbook", Value: "https://wiki.example/cart"})
	want := []action{
		{"Action.OpenUrl", "Approve or reject", m.Link + "/approve?token=a-_b"},
		{"Action.OpenUrl", "All about this change", m.Link},
		{"Action.OpenUrl", "Runbook", "https://wiki.example/cart"},
	}
	if diff := cmp.Diff(want, actions(m)); diff != "" {
		t.Error(diff)
	}
}

// The largest message that is sent is within what Teams takes, and says that more was left out.
func TestSize(t *testing.T) {
	m := sendertest.Message()
	m.Title, m.Action = strings.Repeat("<", 5000), strings.Repeat("\"", 5000)
	for range 40 {
		m.SignalLines = append(m.SignalLines, strings.Repeat("<\"&", 500))
		m.Fields = append(m.Fields, notify.Field{Name: strings.Repeat("&", 500), Value: strings.Repeat("\"", 5000)})
	}
	body, err := encode(m.Truncated().Plain())
	if err != nil || len(body) > maxBytes || len(body) < maxBytes/2 || !json.Valid(body) || !strings.Contains(string(body), `"…"`) {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}
