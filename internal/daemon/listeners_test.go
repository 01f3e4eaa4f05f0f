package daemon

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/notify"
)

// chat hears commands in both ways, or in none.
type chat struct {
	hears   bool
	trouble string
	listen  func(ctx context.Context, answer notify.Answering) error
}

func (chat) Send(context.Context, notify.Message) error { return nil }

func (c chat) Commands(answer notify.Answering) http.Handler {
	if !c.hears {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(answer(r.Context(), notify.Command{Name: "mine", From: notify.Caller{Receiver: "forged", Kind: "slack", ID: "U1"}})))
	})
}

func (c chat) Connects() bool { return c.listen != nil }

func (c chat) Listen(ctx context.Context, answer notify.Answering) error {
	return c.listen(ctx, answer)
}

func (c chat) Trouble() string { return c.trouble }

// asked answers with where a command came from.
type asked struct{}

func (asked) Answer(_ context.Context, c notify.Command) string {
	return c.From.Receiver + " " + c.From.Kind + " " + c.From.ID
}

func (asked) Topic(context.Context) (string, error) { return "", nil }

// alone is a database that belongs to one process.
type alone struct{}

func (alone) Shared() bool                                     { return false }
func (alone) Now(context.Context) (time.Time, error)           { return time.Now(), nil }
func (alone) FailRun(context.Context, string, time.Time) error { return nil }
func (alone) ClaimRun(context.Context, string, time.Time, time.Time, time.Time) (bool, error) {
	return true, nil
}

func listening(senders map[string]notify.Sender) *listeners {
	return newListeners(alone{}, asked{}, senders, slog.New(slog.DiscardHandler))
}

// Only receivers that hear something have an address, and what comes to other addresses is carried out by nobody. Which receiver it was is said by the wiring alone, and whose ID
// it is by the receiver: one of kind slack_bot hears the people of slack.
func TestCommandHandlers(t *testing.T) {
	senders := map[string]notify.Sender{"chat": chat{hears: true}, "deaf": chat{}}
	all := listening(senders).handlers(senders)
	if len(all) != 2 || all["chat"] == nil || all[""] == nil {
		t.Fatalf("%v", all)
	}
	var got, nobody answer
	all["chat"].ServeHTTP(&got, &http.Request{})
	all[""].ServeHTTP(&nobody, &http.Request{})
	if got.text != "chat slack U1" || !strings.HasPrefix(nobody.text, "Nothing was done: ") {
		t.Errorf("answered %q, and where there is no receiver %q", got.text, nobody.text)
	}
	if all := listening(nil).handlers(nil); len(all) != 0 {
		t.Errorf("nobody hears: %v", all)
	}
}

type answer struct {
	http.ResponseWriter
	text string
}

func (a *answer) Write(p []byte) (int, error) {
	a.text += string(p)
	return len(p), nil
}

// A receiver that cannot listen is tried again and named in the status until it listens, and ends nothing. One that
// has no connection is left alone.
func TestListening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries, heard := 0, make(chan string, 1)
		ctx, cancel := context.WithCancel(t.Context())
		l := listening(map[string]notify.Sender{"quiet": chat{}, "chat": chat{listen: func(ctx context.Context, answer notify.Answering) error {
			switch tries++; tries {
			case 1:
				return errors.New("the token is refused")
			case 2:
				return nil
			}
			heard <- answer(ctx, notify.Command{From: notify.Caller{Kind: "slack", ID: "U2"}})
			<-ctx.Done()
			return ctx.Err()
		}}})
		ended := make(chan error, 1)
		go func() { ended <- l.run(ctx) }()
		checkUnheard(t, l, "the token is refused")
		time.Sleep(listenAgain)
		checkUnheard(t, l, "it has stopped listening")
		time.Sleep(listenAgain)
		if got := <-heard; got != "chat slack U2" || tries != 3 {
			t.Errorf("answered %q at try %d", got, tries)
		}
		checkUnheard(t, l, "")
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func checkUnheard(t *testing.T, l *listeners, want string) {
	t.Helper()
	synctest.Wait()
	found := l.unheard()
	if want == "" && len(found) == 0 {
		return
	}
	if len(found) != 1 || found[0].Component != "receivers/chat" || found[0].Detail != want {
		t.Errorf("the status has %+v, want %q", found, want)
	}
}

// A receiver says itself why it is not connected.
func TestTrouble(t *testing.T) {
	l := listening(map[string]notify.Sender{"chat": chat{trouble: "not in #ops", listen: func(context.Context, notify.Answering) error { return nil }}})
	found := l.unheard()
	if len(found) != 1 || found[0].Component != "receivers/chat" || found[0].Detail != "not in #ops" {
		t.Errorf("the status has %+v", found)
	}
}
