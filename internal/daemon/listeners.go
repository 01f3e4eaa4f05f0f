package daemon

import (
	"context"
	"log/slog"
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

// listeners are the receivers that hear commands over connections of their own. Of several replicas one listens.
type listeners struct {
	store   *store.Store
	answers *commands.Answerer
	log     *slog.Logger
	kinds   map[string]string // of the receivers, by name
	all     map[string]notify.Listener
}

func (d *Daemon) newListeners(st *store.Store) *listeners {
	l := &listeners{store: st, answers: d.newAnswerer(st), log: d.log, kinds: map[string]string{}, all: map[string]notify.Listener{}}
	for name, sender := range d.built.Senders {
		l.kinds[name] = d.config.Receivers[name].Kind
		if one, hears := sender.(notify.Listener); hears {
			l.all[name] = one
		}
	}
	return l
}

func (d *Daemon) newAnswerer(st *store.Store) *commands.Answerer {
	known := d.engine.Catalogue()
	return commands.New(commands.Options{
		Engine: d.engine, Store: st, People: d.config.People, Frozen: d.engine.Frozen, Canonical: known.Canonical,
		Owner: func(service string) string { return known.Configured(service).Owner },
		Knows: func(service string) bool {
			is, sure := known.Knows(service)
			return is || !sure
		},
		Log: d.log.With("component", "commands"), Now: time.Now,
	})
}

// answerFor answers what the receiver of a name hears. The receiver knows neither its name nor what kind it is.
func (l *listeners) answerFor(name string) notify.Answering {
	return func(ctx context.Context, c notify.Command) string {
		c.From.Receiver, c.From.Kind = name, l.kinds[name]
		return l.answers.Answer(ctx, c)
	}
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
	if err := one.Listen(ctx, l.answerFor(name)); err != nil && ctx.Err() == nil {
		log.Warn("a receiver hears no commands any more; it listens again soon", "error", err)
	}
	_ = g.Wait() // it ends with ctx, and has no error
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

// unheard names the receivers that are not connected.
func (l *listeners) unheard() (found []api.ComponentProblem) {
	for _, name := range names(l.all) {
		if t, says := l.all[name].(notify.Troubled); says && t.Trouble() != "" {
			found = append(found, api.ComponentProblem{Component: "receivers/" + name, Detail: t.Trouble()})
		}
	}
	return found
}
