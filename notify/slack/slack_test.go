package slack

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

const webhookPath = "/services/T000/B000/s3cr3tpath"

func newSender(t *testing.T, url string) notify.Sender {
	t.Helper()
	s, err := New(Config{URLFile: sendertest.SecretFile(t, url+webhookPath)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	sendertest.Run(t, sendertest.Subject{New: newSender, Secrets: []string{webhookPath, "s3cr3tpath"}})
}

func TestPost(t *testing.T) {
	f := func(name string, edit func(*notify.Message), want string) {
		t.Helper()
		m := sendertest.Message()
		edit(&m)
		r := sendertest.NewReceiver(t, sendertest.Accept)
		if err := newSender(t, r.URL).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		var got, expected any
		if err := json.Unmarshal(r.Requests()[0].Body, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(want), &expected); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	f("regression", func(*notify.Message) {}, `{"text": "critical: cart v2 in production: errors rose", "unfurl_links": false, "unfurl_media": false, "blocks": [
		{"type": "section", "text": {"type": "mrkdwn", "text": "*critical: <https://pushback.example/changes/k3y|cart v2 in production: errors rose>*", "verbatim": true}},
		{"type": "section", "text": {"type": "mrkdwn", "text": "errors: 0.50 % → 3.10 % of requests, p = 0.0001\nRolling back to v1 through hook redeploy.", "verbatim": true}},
		{"type": "section", "fields": [{"type": "mrkdwn", "text": "*service*\ncart", "verbatim": true}, {"type": "mrkdwn", "text": "*environment*\nproduction", "verbatim": true},
			{"type": "mrkdwn", "text": "*version*\nv2", "verbatim": true}, {"type": "mrkdwn", "text": "*rule*\nplatform/red", "verbatim": true}]}]}`)
	f("people", func(m *notify.Message) {
		*m = notify.Message{Severity: notify.Info, Title: "t", People: []notify.Person{
			{Name: "ada", Handles: map[string]string{"slack": "U012"}}, {Name: "U013"}, {Name: "x", Handles: map[string]string{"slack": "!channel"}}, {Name: "bob", Handles: map[string]string{"slack": "W014"}},
		}}
	}, `{"text": "info: t", "unfurl_links": false, "unfurl_media": false, "blocks": [
		{"type": "section", "text": {"type": "mrkdwn", "text": "*info: t*", "verbatim": true}},
		{"type": "section", "text": {"type": "mrkdwn", "text": "cc <@U012> <@W014>", "verbatim": true}}]}`)
	f("hostile and bare", func(m *notify.Message) {
		*m = notify.Message{Severity: notify.Info, Resolved: true, Title: "<!channel> a|b & c", Link: "javascript:alert(1)"}
	}, `{"text": "resolved: &lt;!channel&gt; a|b &amp; c", "unfurl_links": false, "unfurl_media": false, "blocks": [
		{"type": "section", "text": {"type": "mrkdwn", "text": "*resolved: &lt;!channel&gt; a|b &amp; c*", "verbatim": true}}]}`)
	f("a link that would end early", func(m *notify.Message) {
		*m = notify.Message{Severity: notify.Info, Title: "t", Link: "https://x.example/a|b>c&d"}
	}, `{"text": "info: t", "unfurl_links": false, "unfurl_media": false, "blocks": [
		{"type": "section", "text": {"type": "mrkdwn", "text": "*info: <https://x.example/a%7Cb%3Ec&amp;d|t>*", "verbatim": true}}]}`)
	f("an approval link", func(m *notify.Message) {
		*m = notify.Message{
			Severity: notify.Info, Title: "t", Link: "https://x.example/changes/k", Action: "Open https://x.example/changes/k/approve?token=a-_b (until 12:00 UTC), not https://evil.example.",
			Fields: []notify.Field{{Name: "runbook", Value: "https://wiki.example/a|b"}},
		}
	}, `{"text": "info: t", "unfurl_links": false, "unfurl_media": false, "blocks": [
		{"type": "section", "text": {"type": "mrkdwn", "text": "*info: <https://x.example/changes/k|t>*", "verbatim": true}},
		{"type": "section", "text": {"type": "mrkdwn", "text": "Open <https://x.example/changes/k/approve?token=a-_b> (until 12:00 UTC), not https://evil.example.", "verbatim": true}},
		{"type": "section", "fields": [{"type": "mrkdwn", "text": "*runbook*\n<https://wiki.example/a%7Cb|https://wiki.example/a|b>", "verbatim": true}]}]}`)
}

// Slack refuses a whole post for one text that is too long.
func TestLimits(t *testing.T) {
	m := sendertest.Message()
	m.Title, m.Action = strings.Repeat("&", 5000), strings.Repeat("<", 5000)
	for range 40 {
		m.SignalLines = append(m.SignalLines, strings.Repeat(">", 5000))
		m.Fields = append(m.Fields, notify.Field{Name: strings.Repeat("&", 500), Value: strings.Repeat("&", 5000)})
	}
	for _, b := range render(m.Truncated()).Blocks {
		if b.Text != nil && len(b.Text.Text) > maxSection {
			t.Errorf("a section of %d bytes", len(b.Text.Text))
		}
		if len(b.Fields) > maxFields {
			t.Errorf("%d fields", len(b.Fields))
		}
		for _, field := range b.Fields {
			if len(field.Text) > maxField {
				t.Errorf("a field of %d bytes", len(field.Text))
			}
		}
	}
}
