package daemon

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// slackSecret is what Slack signs requests with.
const slackSecret = "8f742231b10e8888abcd99yyyzzz85a5"

// What is pressed in Slack is carried out as what is written in IRC is: by the people of pushback.yml, with their roles
// and teams. Without Slack's signature nothing happens, and the answer does not say which receivers there are.
func TestButtonsAreCommands(t *testing.T) {
	answers := make(chan string, 1)
	slack := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var got struct {
			Blocks []struct{ Text struct{ Text string } }
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || len(got.Blocks) == 0 {
			t.Errorf("%v, %+v", err, got)
			return
		}
		answers <- got.Blocks[0].Text.Text
	}))
	defer slack.Close()
	p := &strangersDaemon{t: t, log: new(bytes.Buffer)}
	p.run(slackFolder(t, slack.URL))

	f := func(user, service, want string) {
		t.Helper()
		if status, answer := p.press("chat", slackSecret, user, service, slack.URL); status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		var got string
		select {
		case got = <-answers:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s gets no answer; the log: %s", user, p.log)
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s is answered %q, want %q", user, got, want)
		}
	}
	f("U0ADA", "cart", "cart is held")
	f("U0ADA", "cart", "cart is held already, by ada (by slack): errors rose")
	f("U0ADA", "pay", "pay belongs to money")
	f("U0EVE", "cart", "eve has the role viewer. That takes the role responder.")
	f("U0MAL", "cart", "Nobody under people in pushback.yml has slack: U0MAL.")

	status, known := p.press("chat", "another secret, that Slack has not", "U0ADA", "search", slack.URL)
	_, unknown := p.press("nobody-has-this", "another secret, that Slack has not", "U0ADA", "search", slack.URL)
	if status != http.StatusUnauthorized || known != unknown {
		t.Errorf("%d %s, and where there is no receiver %s", status, known, unknown)
	}
}

// slackFolder has a pushback.yml with one receiver for Slack.
func slackFolder(t *testing.T, api string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"pushback.yml": fmt.Sprintf(`{listen: "127.0.0.1:0", token_file: tokens, metrics: {none: {kind: prometheus, url: "http://127.0.0.1:1"}},
receivers: {chat: {kind: slack_bot, token_file: bot, channel: C012, secret_files: [signing], url: %q}},
services: {list: [{name: cart, owner: shop}, {name: search, owner: shop}, {name: pay, owner: money}]},
people: {ada: {role: responder, teams: [shop], slack: U0ADA}, eve: {slack: U0EVE}}}`, api),
		"tokens": readerToken, "bot": "xoxb-1-a-token-of-a-bot", "signing": slackSecret, "rules/a.yml": "{team: a, rules: [{name: a, watch: {service: x}, signals: [{name: a, query: up}]}]}",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "pushback.yml")
}

// press posts what Slack posts when somebody presses the button that holds a service.
func (p *strangersDaemon) press(receiver, secret, user, service, slack string) (int, string) {
	p.t.Helper()
	payload, err := json.Marshal(map[string]any{
		"type": "block_actions", "response_url": slack + "/response", "user": map[string]string{"id": user, "username": "somebody"},
		"actions": []any{map[string]string{"type": "button", "block_id": "pushback", "action_id": "pushback_hold", "value": service + "\nerrors rose"}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	body, stamp := url.Values{"payload": {string(payload)}}.Encode(), strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	return p.send(http.MethodPost, "/receivers/"+receiver, body, http.Header{
		"X-Forwarded-For": {"203.0.113.9"}, // a stranger, although on this host
		"Content-Type":    {"application/x-www-form-urlencoded"}, "X-Slack-Request-Timestamp": {stamp}, "X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))},
	})
}
