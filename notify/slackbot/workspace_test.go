package slackbot

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/notify/sendertest"
)

const (
	channel  = "C0123456789"
	ownBot   = "B0PUSHBACK"
	botToken = "xoxb-1234567890-AbCdEfGhIjKlMnOp"
	appToken = "xapp-1-A123-456-0f1e2d3c4b5a"
	signing  = "8f742231b10e8888abcd99yyyzzz85a5"
)

// workspace is a Slack of one channel, which keeps what the methods say that it keeps. It refuses what Slack
// refuses: a token that it does not know, a channel by name, blocks that are no JSON.
type workspace struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	clock    int
	messages []*message
	uploads  map[string]string // name by file ID
	calls    []string
	refuse   func(method string) string // an error to answer with; "": none
	lose     func(method string) bool   // do it, and close the connection before the answer
}

type message struct {
	TS       string          `json:"ts"`
	Thread   string          `json:"thread_ts,omitempty"`
	BotID    string          `json:"bot_id"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	Files    []any           `json:"files,omitempty"`

	broadcast bool
	edits     int
}

func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	w := &workspace{t: t, uploads: map[string]string{}, clock: int(time.Now().Unix())}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

// set changes how it answers from now on.
func (w *workspace) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	method := strings.TrimPrefix(r.URL.Path, "/")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, method)
	if method == "upload" {
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		w.t.Errorf("%s: %v", method, err)
	}
	answer := w.answer(method, form)
	if w.lose != nil && w.lose(method) {
		panic(http.ErrAbortHandler)
	}
	_ = json.NewEncoder(rw).Encode(answer)
}

func failed(why string) map[string]any { return map[string]any{"ok": false, "error": why} }

func (w *workspace) answer(method string, q url.Values) map[string]any {
	if w.refuse != nil {
		if why := w.refuse(method); why != "" {
			return failed(why)
		}
	}
	if q.Get("token") != botToken {
		return failed("invalid_auth")
	}
	methods := map[string]func(url.Values) map[string]any{
		"auth.test":        func(url.Values) map[string]any { return map[string]any{"ok": true, "bot_id": ownBot} },
		"chat.postMessage": w.post, "chat.update": w.update, "conversations.history": w.history, "conversations.replies": w.replies,
		"files.getUploadURLExternal": w.upload, "files.completeUploadExternal": w.share,
	}
	do, known := methods[method]
	switch {
	case !known:
		return failed("unknown_method")
	case q.Has("channel") && q.Get("channel") != channel:
		return failed("channel_not_found")
	}
	return do(q)
}

func (w *workspace) next() string {
	w.clock++
	return fmt.Sprintf("%d.000100", w.clock)
}

func (w *workspace) find(ts string) *message {
	for _, m := range w.messages {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

func (w *workspace) post(q url.Values) map[string]any {
	if !json.Valid([]byte(q.Get("blocks"))) || !json.Valid([]byte(q.Get("metadata"))) {
		return failed("invalid_blocks_format")
	}
	m := &message{
		TS: w.next(), Thread: q.Get("thread_ts"), BotID: ownBot, Text: q.Get("text"), Blocks: json.RawMessage(q.Get("blocks")),
		Metadata: json.RawMessage(q.Get("metadata")), broadcast: q.Get("reply_broadcast") == "true",
	}
	w.messages = append(w.messages, m)
	return map[string]any{"ok": true, "channel": channel, "ts": m.TS}
}

func (w *workspace) update(q url.Values) map[string]any {
	m := w.find(q.Get("ts"))
	switch {
	case m == nil:
		return failed("message_not_found")
	case m.BotID != ownBot:
		return failed("cant_update_message")
	}
	m.Text, m.Blocks, m.Metadata = q.Get("text"), json.RawMessage(q.Get("blocks")), json.RawMessage(q.Get("metadata"))
	m.edits++
	return map[string]any{"ok": true, "channel": channel, "ts": m.TS}
}

// history has two messages a page, newest first, and replies only where they were broadcast.
func (w *workspace) history(q url.Values) map[string]any {
	var all []*message
	for _, m := range slices.Backward(w.messages) {
		if (m.Thread == "" || m.broadcast) && m.TS > q.Get("oldest") {
			all = append(all, m)
		}
	}
	return page(all, q)
}

func (w *workspace) replies(q url.Values) map[string]any {
	ts := q.Get("ts")
	if w.find(ts) == nil {
		return failed("thread_not_found")
	}
	var all []*message
	for _, m := range w.messages {
		if m.TS == ts || m.Thread == ts {
			all = append(all, m)
		}
	}
	return page(all, q)
}

func page(all []*message, q url.Values) map[string]any {
	from := 0
	_, _ = fmt.Sscan(q.Get("cursor"), &from)
	to, next := min(from+2, len(all)), ""
	if to < len(all) {
		next = fmt.Sprint(to)
	}
	shown := []message{}
	for _, m := range all[from:to] {
		one := *m
		if q.Get("include_all_metadata") != "1" {
			one.Metadata = nil
		}
		shown = append(shown, one)
	}
	return map[string]any{"ok": true, "messages": shown, "response_metadata": map[string]any{"next_cursor": next}}
}

func (w *workspace) upload(q url.Values) map[string]any {
	id := fmt.Sprintf("F%d", len(w.uploads))
	w.uploads[id] = q.Get("filename")
	return map[string]any{"ok": true, "upload_url": w.URL + "/upload", "file_id": id}
}

func (w *workspace) share(q url.Values) map[string]any {
	var files []struct{ ID string }
	if err := json.Unmarshal([]byte(q.Get("files")), &files); err != nil || len(files) != 1 || q.Get("channel_id") != channel {
		return failed("invalid_arguments")
	}
	w.messages = append(w.messages, &message{TS: w.next(), Thread: q.Get("thread_ts"), BotID: ownBot, Files: []any{map[string]string{"name": w.uploads[files[0].ID]}}})
	return map[string]any{"ok": true, "files": []any{map[string]string{"id": files[0].ID}}}
}

// shown is the channel as people see it: the parents, and the replies below each.
func (w *workspace) shown() (parents []*message, replies map[string][]*message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	replies = map[string][]*message{}
	for _, m := range w.messages {
		if m.Thread == "" {
			parents = append(parents, m)
		} else {
			replies[m.Thread] = append(replies[m.Thread], m)
		}
	}
	return parents, replies
}

func (w *workspace) called(method string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c == method {
			n++
		}
	}
	return n
}

func settings(t *testing.T, url string) Config {
	t.Helper()
	return Config{TokenFile: sendertest.SecretFile(t, botToken), Channel: channel, Pictures: true, URL: url, SecretFiles: []string{sendertest.SecretFile(t, signing)}}
}

func newSender(t *testing.T, url string) *Sender {
	t.Helper()
	s, err := New(settings(t, url))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON is a form whose fields may be JSON, as one document without the token.
func asJSON(body []byte) []byte {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return body
	}
	form.Del("token")
	whole := map[string]any{}
	for name := range maps.Keys(form) {
		var v any
		if err := json.Unmarshal([]byte(form.Get(name)), &v); err != nil {
			v = form.Get(name)
		}
		whole[name] = v
	}
	text, _ := json.Marshal(whole)
	return text
}
