package slackbot

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/mrkdwn"
	"github.com/pushback/pushback/notify/sendertest"
)

// pressed is what Slack posts when somebody presses a button, with only some of what it has.
func pressed(user, action, value, responseURL string) string {
	payload, _ := json.Marshal(map[string]any{
		"type": "block_actions", "response_url": responseURL,
		"user":    map[string]string{"id": user, "username": "amy", "name": "amy", "team_id": "T0"},
		"channel": map[string]string{"id": channel}, "state": map[string]any{"values": map[string]any{}},
		"actions": []any{map[string]any{"type": "button", "action_id": action, "block_id": "pushback", "value": value, "action_ts": "1.2"}},
	})
	return "payload=" + url.QueryEscape(string(payload))
}

func sign(r *http.Request, key, body string, at time.Time) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}

// answers is where the response URL leads, and what is answered there.
func answers(t *testing.T) (address string, texts chan string) {
	t.Helper()
	texts = make(chan string, 100)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var got struct {
			Kind   string `json:"response_type"`
			Blocks []struct{ Text struct{ Type, Text string } }
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || got.Kind != "ephemeral" || got.Blocks[0].Text.Type != "plain_text" {
			t.Errorf("%v, %+v", err, got)
		}
		texts <- got.Blocks[0].Text.Text
	}))
	t.Cleanup(s.Close)
	return s.URL, texts
}

func TestButtons(t *testing.T) {
	address, texts := answers(t)
	values := map[string]string{"pushback_approve": "k3y", "pushback_reject": "k3y", "pushback_hold": "cart\ncart in production: error rate rose", "pushback_false-alarm": "k3y", "pushback_missed": "k3y", "pushback_release": "h1"}
	for action, want := range map[string]notify.Command{
		"pushback_approve": {Name: "approve", Args: []string{"k3y"}},
		"pushback_reject":  {Name: "reject", Args: []string{"k3y"}},
		"pushback_hold":    {Name: "hold", Args: []string{"cart", "cart in production: error rate rose"}},
		"pushback_release": {Name: "release", Args: []string{"h1"}},

		"pushback_false-alarm": {Name: "false-alarm", Args: []string{"k3y"}},
		"pushback_missed":      {Name: "missed", Args: []string{"k3y"}},
	} {
		want.From = notify.Caller{Kind: "slack", ID: "U0AMY", Name: "amy"}
		got := make(chan notify.Command, 1)
		handler := newSender(t, address).Commands(func(_ context.Context, c notify.Command) string {
			got <- c
			return "<!channel> done"
		})
		if status := press(handler, signing, pressed("U0AMY", action, values[action], address+"/response"), time.Now()); status != http.StatusOK {
			t.Errorf("%s: %d", action, status)
		}
		select {
		case command := <-got:
			if diff := cmp.Diff(want, command); diff != "" {
				t.Errorf("%s (-want +got):\n%s", action, diff)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: nothing was carried out", action)
		}
		if text := <-texts; text != "‹!channel> done" {
			t.Errorf("answered %q", text)
		}
	}
}

func press(h http.Handler, key, body string, at time.Time) int {
	r := httptest.NewRequest(http.MethodPost, "/receivers/chat", strings.NewReader(body))
	sign(r, key, body, at)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestSignature(t *testing.T) {
	const next = "a17fcb0e6d2b4c91a17fcb0e6d2b4c92"
	c := settings(t, "https://slack.example")
	c.SecretFiles = append(c.SecretFiles, sendertest.SecretFile(t, next))
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	handler := s.Commands(func(context.Context, notify.Command) string { return "" })
	body := pressed("U0AMY", "other", "x", "")
	now := time.Now()
	f := func(what string, want int, key, body string, at time.Time) {
		t.Helper()
		if got := press(handler, key, body, at); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	f("right", 200, signing, body, now)
	f("the next key", 200, next, body, now)
	f("another key", 401, "another-key-of-someone-else-0", body, now)
	f("old", 401, signing, body, now.Add(-6*time.Minute))
	f("from the future", 401, signing, body, now.Add(6*time.Minute))
	f("no payload", 400, signing, "payload=", now)
	f("no JSON", 400, signing, "payload=%7B", now)
	f("too long", 413, signing, strings.Repeat("x", maxRequest+1), now)

	r := httptest.NewRequest(http.MethodPost, "/receivers/chat", strings.NewReader(body+"&more"))
	sign(r, signing, body, now)
	w := httptest.NewRecorder()
	if handler.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
		t.Errorf("another body than the signed one: %d", w.Code)
	}
	w = httptest.NewRecorder()
	if handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/receivers/chat", strings.NewReader(body))); w.Code != http.StatusUnauthorized {
		t.Errorf("no signature: %d", w.Code)
	}
}

// Only our own buttons, pressed by a member, are commands.
func TestOtherActions(t *testing.T) {
	_, texts := answers(t)
	handler := newSender(t, "https://slack.example").Commands(func(_ context.Context, c notify.Command) string {
		t.Errorf("carried out %+v", c)
		return ""
	})
	for _, body := range []string{
		pressed("U0AMY", "approve", "k3y", ""), pressed("U0AMY", "pushback_freeze", "k3y", ""), pressed("U0AMY", "pushback_approve", "", ""),
		pressed("amy", "pushback_approve", "k3y", ""), pressed("U0AMY", "pushback_approve", strings.Repeat("k", 3000), ""),
		"payload=" + url.QueryEscape(`{"type": "view_submission", "user": {"id": "U0AMY"}, "actions": null}`),
		"payload=" + url.QueryEscape(`{"type": "block_actions", "user": {"id": "U0AMY"}, "actions": []}`),
	} {
		if status := press(handler, signing, body, time.Now()); status != http.StatusOK {
			t.Errorf("%s: %d", body, status)
		}
	}
	if len(texts) > 0 {
		t.Error("something was answered")
	}
}

// An answer goes to Slack alone.
func TestResponseURL(t *testing.T) {
	s := newSender(t, "https://slack.example/api")
	for address, want := range map[string]bool{
		"https://hooks.slack.com/actions/T/1/x": true, "https://slack.example/r": true, "http://hooks.slack.com/x": false, "https://evilslack.com/x": false,
		"https://hooks.slack.com.evil.example": false, "https://evil.example#.slack.com": false, "https://me:x@hooks.slack.com": false, "": false, "http://127.0.0.1/": false,
	} {
		if got := s.slackURL(address); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
}

func TestTooMany(t *testing.T) {
	address, _ := answers(t)
	release := make(chan struct{})
	handler := newSender(t, address).Commands(func(context.Context, notify.Command) string { <-release; return "" })
	body := pressed("U0AMY", "pushback_approve", "k3y", address)
	for range maxPressed {
		if status := press(handler, signing, body, time.Now()); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	if status := press(handler, signing, body, time.Now()); status != http.StatusServiceUnavailable {
		t.Errorf("one too many: %d", status)
	}
	close(release)
}

// Socket mode: the token is an app's, each request is acknowledged, and a connection that ends is made again.
func TestSocketMode(t *testing.T) {
	acks, opened := make(chan string, 10), 0
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/apps.connections.open" {
			if r.Header.Get("Authorization") != "Bearer "+appToken {
				fmt.Fprint(w, `{"ok": false, "error": "invalid_auth"}`)
				return
			}
			opened++
			fmt.Fprintf(w, `{"ok": true, "url": "ws%s/socket"}`, strings.TrimPrefix(server.URL, "http"))
			return
		}
		if r.URL.Path != "/socket" {
			return // the response to who has pressed
		}
		c, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		form, _ := url.ParseQuery(pressed("U0AMY", "pushback_approve", fmt.Sprint("order", opened), server.URL+"/response"))
		_ = c.WriteJSON(map[string]any{"type": "interactive", "envelope_id": fmt.Sprint("e", opened), "payload": json.RawMessage(form.Get("payload"))})
		var ack struct {
			ID string `json:"envelope_id"`
		}
		if err := c.ReadJSON(&ack); err == nil {
			acks <- ack.ID
		}
	}))
	t.Cleanup(server.Close)
	c := settings(t, server.URL)
	c.SecretFiles, c.AppTokenFile = nil, sendertest.SecretFile(t, appToken)
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	commands, ended := make(chan notify.Command, 10), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		ended <- s.Listen(ctx, func(_ context.Context, c notify.Command) string { commands <- c; return "done" })
	}()
	var orders, acknowledged []string // a command may end after one that came later
	for range 2 {
		got := <-commands
		if orders = append(orders, got.Args[0]); got.From.ID != "U0AMY" {
			t.Errorf("%+v", got)
		}
		acknowledged = append(acknowledged, <-acks)
	}
	slices.Sort(orders)
	if !slices.Equal(orders, []string{"order1", "order2"}) || !slices.Equal(acknowledged, []string{"e1", "e2"}) {
		t.Errorf("%q, acknowledged %q", orders, acknowledged)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	c.AppTokenFile = sendertest.SecretFile(t, "xapp-1-B999-another-token")
	if s, err = New(c); err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "invalid_auth") {
		t.Errorf("with another token: %v", err)
	}
}

// FuzzPayload: whatever is signed, nothing but our three commands comes of it.
func FuzzPayload(f *testing.F) {
	for _, body := range []string{pressed("U0AMY", "pushback_hold", "cart", "https://hooks.slack.com/x"), "payload={}", `payload={"actions":[null]}`, `payload={"type":"block_actions","state":3}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := parse([]byte(body))
		if err != nil {
			return
		}
		c, is := commandOf(got)
		if is && (c.Name != approve && c.Name != reject && c.Name != hold || slices.Contains(c.Args, "") || len(c.Args) != map[string]int{approve: 1, reject: 1, hold: 2}[c.Name] || c.From.Kind != "slack" || !mrkdwn.Member.MatchString(c.From.ID)) {
			t.Errorf("%q is %+v", body, c)
		}
	})
}
