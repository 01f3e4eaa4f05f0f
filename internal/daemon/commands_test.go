package daemon

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/notify"
)

// chat hears commands in both ways, or in none.
type chat struct {
	hears  bool
	listen func(ctx context.Context, answer notify.Answering) error
}

func (chat) Send(context.Context, notify.Message) error { return nil }

func (c chat) Commands(answer notify.Answering) http.Handler {
	if !c.hears {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(answer(r.Context(), notify.Command{Name: "mine", From: notify.Caller{Receiver: "forged", ID: "U1"}})))
	})
}

func (c chat) Listen(ctx context.Context, answer notify.Answering) error {
	return c.listen(ctx, answer)
}

// asked answers with where a command came from.
type asked struct{}

func (asked) Answer(_ context.Context, c notify.Command) string {
	return c.From.Receiver + " " + c.From.ID
}

func listening(senders map[string]notify.Sender) *Daemon {
	return &Daemon{log: slog.New(slog.DiscardHandler), built: Built{Senders: senders}, commands: asked{}}
}

// Only receivers that hear something have an address, and which one it was is said by the wiring alone.
func TestCommandHandlers(t *testing.T) {
	d := listening(map[string]notify.Sender{"chat": chat{hears: true}, "deaf": chat{}})
	all := d.commandHandlers()
	if len(all) != 1 || all["chat"] == nil {
		t.Fatalf("%v", all)
	}
	var got answer
	all["chat"].ServeHTTP(&got, &http.Request{})
	if got.text != "chat U1" {
		t.Errorf("answered %q", got.text)
	}
	if text := (noCommands{}).Answer(t.Context(), notify.Command{}); text == "" {
		t.Error("nothing is answered where commands are not set up")
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

// A receiver that cannot be heard is tried again and named in the status until it is heard, and ends nothing.
func TestListening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries, ctx, heard := 0, t.Context(), make(chan string, 1)
		ctx, cancel := context.WithCancel(ctx)
		l := chat{listen: func(ctx context.Context, answer notify.Answering) error {
			if tries++; tries < 3 {
				return errors.New("the token is refused")
			}
			heard <- answer(ctx, notify.Command{From: notify.Caller{ID: "U2"}})
			<-ctx.Done()
			return nil
		}}
		d := listening(map[string]notify.Sender{"chat": l})
		ended := make(chan error, 1)
		go func() { ended <- d.listen(ctx, "chat", l) }()
		synctest.Wait()
		if found := d.unheard(); len(found) != 1 || found[0].Component != "receivers/chat/commands" || found[0].Detail != "the token is refused" {
			t.Errorf("the status has %+v", found)
		}
		time.Sleep(3 * listenAgain)
		if got := <-heard; got != "chat U2" || tries != 3 || len(d.unheard()) > 0 {
			t.Errorf("answered %q at try %d; the status has %+v", got, tries, d.unheard())
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
