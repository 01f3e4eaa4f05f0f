package daemon

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/commands"
	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
)

// topicEvery is how often what goes on is compared with the topics that say so.
const topicEvery = 10 * time.Second

// listenAgain is how long a receiver is left alone that cannot listen.
const listenAgain = 30 * time.Second

// answerer carries out what people ask for in a chat, if they may, and says what goes on.
type answerer interface {
	Answer(ctx context.Context, c notify.Command) string
	Topic(ctx context.Context) (string, error)
}

// listeners are the receivers that hear commands: over connections of their own, on one of several replicas, or by
// what their tools post to any replica.
type listeners struct {
	store   replica.SeatStore
	answers answerer
	log     *slog.Logger
	all     map[string]notify.Listener // with a connection, by name

	mu           sync.Mutex
	listenErrors map[string]error // of those that cannot listen now
}

func newListeners(st replica.SeatStore, answers answerer, senders map[string]notify.Sender, log *slog.Logger) *listeners {
	l := &listeners{store: st, answers: answers, log: log, all: map[string]notify.Listener{}, listenErrors: map[string]error{}}
	for name, sender := range senders {
		if one, hears := sender.(notify.Listener); hears && one.Connects() {
			l.all[name] = one
		}
	}
	return l
}

func (d *Daemon) newAnswerer(st *store.Store) *commands.Answerer {
	known := d.engine.Catalogue()
	return commands.New(commands.Options{
		Engine: d.engine, Corrections: d.engine.RuleTrust(), Store: st, People: d.config.People, Frozen: d.engine.Frozen, Canonical: known.Canonical,
		Owner: func(service string) string { return known.Configured(service).Owner },
		Knows: func(service string) bool {
			is, sure := known.Knows(service)
			return is || !sure
		},
		Log: d.log.With("component", "commands"), Now: time.Now,
	})
}

// answerFor answers what the receiver of a name hears. The receiver does not know its name.
func (l *listeners) answerFor(name string) notify.Answering {
	return func(ctx context.Context, c notify.Command) string {
		c.From.Receiver = name
		return l.answers.Answer(ctx, c)
	}
}

// handlers take what the receivers' tools post when people press something, by the receivers' names. Under "" stands
// what refuses, and takes no less time for it, where there is no receiver of a name.
func (l *listeners) handlers(senders map[string]notify.Sender) map[string]http.Handler {
	all := map[string]http.Handler{}
	for _, name := range names(senders) {
		one, hears := senders[name].(notify.WebhookListener)
		if !hears {
			continue
		}
		if h := one.Commands(l.answerFor(name)); h != nil {
			all[name], all[""] = h, one.Commands(answerNobody)
		}
	}
	return all
}

// answerNobody answers a command that its tool posts to the address of no receiver.
func answerNobody(context.Context, notify.Command) string {
	return "Nothing was done: this app's Request URL ends with a name that no receiver has in pushback.yml."
}

// run listens until ctx ends.
func (l *listeners) run(ctx context.Context) error {
	var g errgroup.Group
	for name, one := range l.all {
		seat := replica.Seat{Name: "receiver/" + name, Store: l.store, Log: l.log.With("component", "receivers/"+name)}
		g.Go(func() error {
			seat.Hold(ctx, func(ctx context.Context) { l.listen(ctx, seat.Log, name, one) })
			return nil
		})
	}
	return g.Wait()
}

func (l *listeners) listen(ctx context.Context, log *slog.Logger, name string, one notify.Listener) {
	var g errgroup.Group
	if topic, keeps := one.(notify.TopicKeeper); keeps {
		g.Go(func() error {
			l.keepTopic(ctx, log, topic)
			return nil
		})
	}
	l.keepListening(ctx, log, name, one)
	_ = g.Wait() // it ends with ctx, and has no error
}

// keepListening listens until ctx ends. A receiver that cannot listen keeps nothing else from running.
func (l *listeners) keepListening(ctx context.Context, log *slog.Logger, name string, one notify.Listener) {
	defer l.setListenError(name, nil)
	for ctx.Err() == nil {
		err := one.Listen(ctx, l.answerFor(name))
		if ctx.Err() != nil {
			return
		}
		err = cmp.Or(err, errEnded)
		l.setListenError(name, err)
		log.Error("cannot hear commands of a receiver; trying again", "wait", listenAgain, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
		l.setListenError(name, nil)
	}
}

// errEnded is why a receiver is not heard that has stopped listening without an error.
var errEnded = errors.New("it has stopped listening")

func (l *listeners) setListenError(name string, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listenErrors[name] = why
}

// keepTopic tells a receiver what goes on, until ctx ends.
func (l *listeners) keepTopic(ctx context.Context, log *slog.Logger, to notify.TopicKeeper) {
	t := time.NewTicker(topicEvery)
	defer t.Stop()
	for {
		text, err := l.answers.Topic(ctx)
		if err == nil {
			to.KeepTopic(text)
		} else if ctx.Err() == nil {
			log.Warn("cannot read what goes on; the topic stays as it is", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// unheard names the receivers that do not hear anybody now, or are not connected.
func (l *listeners) unheard() (found []api.ComponentProblem) {
	for _, name := range names(l.all) {
		if why := l.trouble(name); why != "" {
			found = append(found, api.ComponentProblem{Component: "receivers/" + name, Detail: why})
		}
	}
	return found
}

func (l *listeners) trouble(name string) string {
	l.mu.Lock()
	err := l.listenErrors[name]
	l.mu.Unlock()
	if err != nil {
		return err.Error()
	}
	if t, says := l.all[name].(notify.Troubled); says {
		return t.Trouble()
	}
	return ""
}
