package shoutrrr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

const secretToken = "s3cr3tT0kenOfTheService"

// fixtures are how each service is addressed, and what it answers.
var fixtures = map[string]struct {
	url, path, answer string
	markup            *regexp.Regexp // what the service acts on in a text; nil: links and mentions alone
}{
	"discord":    {"discord://" + secretToken + "@123456789012345678", "/api/webhooks/123456789012345678/" + secretToken, "", escapes},
	"gotify":     {"gotify://gotify.example/AzyoeNS.D4iJLVa", "/message", `{"id": 1}`, nil},
	"matrix":     {"matrix://:" + secretToken + "@matrix.example/?rooms=!abc:matrix.example", "/_matrix/client/v3/rooms/%21abc:matrix.example/send/m.room.message/", `{"event_id": "$1"}`, nil},
	"mattermost": {"mattermost://chat.example/" + secretToken, "/hooks/" + secretToken, "ok", escapes},
	"ntfy":       {"ntfy://:" + secretToken + "@ntfy.example/topic9?email=everybody@example.org&icon=https://evil.example/x.png", "/topic9", `{"id": "1"}`, nil},
	"pushover":   {"pushover://:" + secretToken + "@uQiRzpo4DXghDmr9QzzfQu27cmVRsG", "/1/messages.json", `{"status": 1}`, nil},
	"rocketchat": {"rocketchat://rocket.example/" + secretToken + "/tokenB0123456789", "/hooks/" + secretToken + "/tokenB0123456789", `{"success": true}`, marks},
	"telegram":   {"telegram://110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw@telegram?chats=@ops&parsemode=HTML&title=x&preview=yes", "/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/sendMessage", `{"ok": true, "result": {}}`, nil},
}

var (
	// escapes are the marks of Markdown that no backslash stands before.
	escapes = regexp.MustCompile("(^|[^\\\\])[*`_~\\[\\]<>#@|&]|://|(?i)www\\.")
	marks   = regexp.MustCompile("[*`~\\[\\]\\\\<>&@]|://|(?i)www\\.|(^|\\PL)_|_(\\PL|$)")
	links   = regexp.MustCompile(`://|@|(?i)www\.|\pL\.\pL|(^|\s)/\pL`)
)

// elsewhere sends to a scripted server what is for a service whose address is fixed.
type elsewhere struct {
	to    *url.URL
	hosts chan string
	http.RoundTripper
}

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if e.hosts != nil {
		e.hosts <- r.URL.Scheme + "://" + r.URL.Host
	}
	r.URL.Scheme, r.URL.Host, r.Host = e.to.Scheme, e.to.Host, ""
	return e.RoundTripper.RoundTrip(r)
}

func urlFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newSender(t *testing.T, service, at string) *Sender {
	t.Helper()
	s, err := New(Config{URLFile: urlFile(t, fixtures[service].url)})
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	s.transport = elsewhere{to: to, RoundTripper: s.transport}
	return s
}

// asJSON is a body as one document, whatever it is.
func asJSON(body []byte) []byte {
	var compact bytes.Buffer
	if json.Compact(&compact, body) == nil {
		return compact.Bytes()
	}
	whole := map[string]any{"text": string(body)}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Has("message") {
		whole = map[string]any{"text": form.Get("message"), "title": form.Get("title")}
	}
	text, _ := json.Marshal(whole)
	return text
}

func subject(name string) sendertest.Subject {
	f := fixtures[name]
	var hidden []string
	for _, each := range []string{secretToken, "AzyoeNS.D4iJLVa", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "uQiRzpo4DXghDmr9QzzfQu27cmVRsG", "tokenB0123456789"} {
		if strings.Contains(f.url, each) {
			hidden = append(hidden, each)
		}
	}
	return sendertest.Subject{
		New:     func(t *testing.T, at string) notify.Sender { return newSender(t, name, at) },
		Secrets: hidden,
		Takes:   func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, f.answer) },
		JSON:    asJSON,
		Markup: func(text string) []string {
			text = strings.ReplaceAll(text, sendertest.Message().Link, "")
			live := links
			if f.markup != nil {
				live = f.markup
			}
			if !strings.Contains(text, "mAlLoRy") {
				return nil
			}
			return live.FindAllString(text, -1)
		},
	}
}

func TestContract(t *testing.T) {
	for name := range fixtures {
		t.Run(name, func(t *testing.T) { sendertest.Run(t, subject(name)) })
	}
}

// Each service is called where its URL says, and with no more than its URL may ask for.
func TestRequests(t *testing.T) {
	if len(fixtures) != len(services) {
		t.Errorf("%d services, of which %d are tried", len(services), len(fixtures))
	}
	hosts := map[string]string{
		"discord": "https://discord.com", "gotify": "https://gotify.example", "matrix": "https://matrix.example", "mattermost": "https://chat.example",
		"ntfy": "https://ntfy.example", "pushover": "https://api.pushover.net", "rocketchat": "https://rocket.example", "telegram": "https://api.telegram.org",
	}
	for name, f := range fixtures {
		r := subject(name).Receiver(t)
		s := newSender(t, name, r.URL)
		called := make(chan string, 1)
		to := s.transport.(elsewhere)
		to.hosts = called
		s.transport = to
		if err := s.Send(t.Context(), sendertest.Message()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		q := r.Requests()[0]
		if host := <-called; host != hosts[name] || !strings.HasPrefix(q.Path, strings.ReplaceAll(f.path, "%21", "!")) {
			t.Errorf("%s: called %s%s", name, host, q.Path)
		}
		for _, header := range []string{"Email", "Attach", "X-Icon", "Actions"} {
			if q.Header.Get(header) != "" {
				t.Errorf("%s: the header %s is %q", name, header, q.Header.Get(header))
			}
		}
		if body := string(q.Body); !strings.Contains(body, sendertest.Message().Link) || strings.Contains(body, "parse_mode") {
			t.Errorf("%s: %s", name, body)
		}
	}
}

// Only chats and phones are called, none by a client that cannot be bounded, and no error has the URL.
func TestRefused(t *testing.T) {
	for _, u := range []string{
		"smtp://user:" + secretToken + "@mail.example/?to=x@y.example", "generic://evil.example/" + secretToken, "generic+https://evil.example", "logger://", "ifttt://" + secretToken,
		"zulip://bot:" + secretToken + "@zulip.example", "googlechat://chat.googleapis.com/v1/spaces/x/messages?key=k&token=" + secretToken, "opsgenie://api/" + secretToken, "pagerduty://x/" + secretToken,
		"slack://" + secretToken, "teams://" + secretToken, "https://hooks.example/" + secretToken, "discord://", "discord+https://" + secretToken, "telegram://" + secretToken, "ntfy://169.254.169.254/" + secretToken,
		"mattermost://metadata.google.internal/" + secretToken, "matrix://bob:" + secretToken + "@matrix.example/?rooms=!a:b", "matrix://:" + secretToken + "@matrix.example", "matrix://:" + secretToken + "@matrix.example/?rooms=%23ops:b",
		"matrix://matrix.example/?rooms=!a:b", "matrix://:" + secretToken + "@matrix.example/?rooms=!a/../x:b", "://" + secretToken, "ntfy://%zz" + secretToken, "",
	} {
		_, err := New(Config{URLFile: urlFile(t, u)})
		if err == nil || strings.Contains(err.Error(), secretToken) {
			t.Errorf("%s: %v", u, err)
		}
	}
}

// What is too long is cut where the service would refuse it, and the link stays.
func TestLimits(t *testing.T) {
	m := sendertest.Message()
	m.Title = strings.Repeat("*", 2000)
	for range 30 {
		m.SignalLines = append(m.SignalLines, strings.Repeat("_", 900))
	}
	for name, s := range services {
		text := s.render(m.Truncated().Plain())
		if len(text) > s.limit || !strings.HasSuffix(text, "\n"+m.Link) || !strings.Contains(text, "…") {
			t.Errorf("%s: %d bytes of %d: %q", name, len(text), s.limit, text[max(0, len(text)-80):])
		}
	}
}

// Matrix takes a message once, and its body mentions nobody.
func TestMatrix(t *testing.T) {
	r := subject("matrix").Receiver(t)
	s := newSender(t, "matrix", r.URL)
	other := sendertest.Message()
	other.Resolved = true
	for _, m := range []notify.Message{sendertest.Message(), sendertest.Message(), other} {
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	q := r.Requests()
	if q[0].Path != q[1].Path || q[0].Path == q[2].Path || q[0].Header.Get("Authorization") != "Bearer "+secretToken {
		t.Errorf("%s, %s, %s, authorization %q", q[0].Path, q[1].Path, q[2].Path, q[0].Header.Get("Authorization"))
	}
	var got map[string]any
	if err := json.Unmarshal(q[0].Body, &got); err != nil || got["m.mentions"] == nil || got["formatted_body"] != nil {
		t.Errorf("%v: %s", err, q[0].Body)
	}
}

// Discord says in the answer how long to wait; the library would wait itself.
func TestOneAttempt(t *testing.T) {
	r := sendertest.NewReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	var after *notify.RetryAfter
	if err := newSender(t, "discord", r.URL).Send(t.Context(), sendertest.Message()); !errors.As(err, &after) || len(r.Requests()) != 1 {
		t.Errorf("%v after %d requests", err, len(r.Requests()))
	}
}

func FuzzEscape(f *testing.F) {
	for _, name := range sendertest.HostileNames() {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = sendertest.Named(text).Truncated().Plain().Fields[0].Value
		for _, name := range []string{"discord", "mattermost"} {
			escaped := services[name].escape(text)
			for i, r := range escaped {
				if strings.ContainsRune("*`_~[]<>#@|&", r) && (i == 0 || escaped[i-1] != '\\') {
					t.Errorf("%q: %q", name, escaped)
				}
			}
		}
		if live := marks.FindString(services["rocketchat"].escape(text)); live != "" {
			t.Errorf("rocketchat: %q in %q", live, services["rocketchat"].escape(text))
		}
		if live := links.FindString(services["telegram"].escape(text)); live != "" {
			t.Errorf("telegram: %q in %q", live, services["telegram"].escape(text))
		}
	})
}
