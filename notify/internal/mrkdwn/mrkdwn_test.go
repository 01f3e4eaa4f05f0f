package mrkdwn

import (
	"regexp"
	"testing"

	"github.com/pushback/pushback/notify/sendertest"
	"github.com/pushback/pushback/sources"
)

// live is what Slack acts on in a text.
var live = regexp.MustCompile("[<>*`~]|(^|[^\\pL\\pN_])_+[\\pL\\pN]|[\\pL\\pN]_+($|[^\\pL\\pN_])|(?m)^&gt;|:[a-z][a-z0-9_+-]*:")

func TestEscape(t *testing.T) {
	for _, name := range sendertest.HostileNames() {
		got := Escape(sources.OneLine(name, 500))
		if at := live.FindString(got); at != "" {
			t.Errorf("%q is %q, of which %q is live", name, got, at)
		}
	}
	for _, plain := range []string{"cart_api v1.2_3", "errors: 0.50 % → 3.10 % of requests", "12:04:05 UTC", "team/red-line"} {
		if got := Escape(plain); got != plain {
			t.Errorf("%q is %q", plain, got)
		}
	}
}

func TestLinked(t *testing.T) {
	const page = "https://x.example/changes/k_1"
	got := Linked("open "+page+"/approve?token=_a-b_ (until 12:00), not https://evil.example", page)
	if want := "open <" + page + "/approve?token=_a-b_> (until 12:00), not https://evil.example"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
