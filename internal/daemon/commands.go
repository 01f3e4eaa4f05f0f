package daemon

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/notify"
)

// answerer carries out what people ask for in a chat, if they may.
type answerer interface {
	Answer(ctx context.Context, c notify.Command) string
}

// noCommands answers where nothing carries out commands.
type noCommands struct{}

// Answer says so.
func (noCommands) Answer(context.Context, notify.Command) string {
	return "commands are not set up: decide on the page of the change"
}

// answering is what a receiver's commands are carried out by: it alone says which receiver they came from.
func (d *Daemon) answering(receiver string) notify.Answering {
	return func(ctx context.Context, c notify.Command) string {
		c.From.Receiver = receiver
		return d.commands.Answer(ctx, c)
	}
}

// commandHandlers are the receivers to which their tools post what people press.
func (d *Daemon) commandHandlers() map[string]http.Handler {
	all := map[string]http.Handler{}
	for name, s := range d.built.Senders {
		if l, hears := s.(notify.WebhookListener); hears {
			if h := l.Commands(d.answering(name)); h != nil {
				all[name] = h
			}
		}
	}
	return all
}

// listenAgain is how long a receiver is left alone whose connection cannot be made.
const listenAgain = 30 * time.Second

// listen hears the commands of one receiver until ctx ends. A receiver that cannot be heard keeps nothing else from
// running.
func (d *Daemon) listen(ctx context.Context, name string, l notify.Listener) error {
	for ctx.Err() == nil {
		d.deaf.set(name, "")
		err := l.Listen(ctx, d.answering(name))
		if err == nil {
			break // it was told to end, or has nothing to hear
		}
		d.deaf.set(name, err.Error())
		d.log.Error("cannot hear commands of a receiver; trying again", "receiver", name, "wait", listenAgain, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
	return nil
}

// deaf is why receivers are not heard, by their names.
type deaf struct {
	mu  sync.Mutex
	why map[string]string
}

func (d *deaf) set(name, why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.why == nil {
		d.why = map[string]string{}
	}
	d.why[name] = why
}

func (d *deaf) of(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.why[name]
}

// unheard names the receivers whose commands cannot be heard now.
func (d *Daemon) unheard() (found []api.ComponentProblem) {
	for _, name := range names(d.built.Senders) {
		why := d.deaf.of(name)
		if l, says := d.built.Senders[name].(interface{ Trouble() string }); says && why == "" {
			why = l.Trouble()
		}
		if why != "" {
			found = append(found, api.ComponentProblem{Component: fmt.Sprintf("receivers/%s/commands", name), Detail: why})
		}
	}
	return found
}
