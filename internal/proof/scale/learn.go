package scale

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/profiles"
	"github.com/pushback/pushback/internal/proof/metricstore"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
)

// learners is how many services are learned at once. They mostly wait for the database.
const learners = 16

// learnAhead learns the profiles of the first services before the program starts, as a night
// would have: the program itself takes hours, so as not to stand in the way of watches.
// learnedAt is when, on the clock of the samples.
func (w *world) learnAhead(ctx context.Context, services int, learnedAt time.Time) error {
	s, err := store.Open(ctx, w.DatabaseURL())
	if err != nil {
		return err
	}
	set, mistakes := rules.Load(os.DirFS(filepath.Join(w.Program.Dir, "rules")), rules.World{})
	if len(mistakes) > 0 {
		return errors.Join(fmt.Errorf("rules: %v", mistakes[0]), s.Close())
	}
	var known atomic.Int64
	defer w.sayEvery(func() string { return fmt.Sprintf("%d of %d profiles learned", known.Load(), services*signals) })()
	all, learning := errgroup.WithContext(ctx)
	for n := range learners {
		all.Go(func() error {
			return profiles.New(profiles.Options{
				Store: s, Metrics: map[string]gather.Ranger{"prod": metricstore.Ranger{Store: w.store}}, DefaultStore: "prod",
				Catalogue: everyNth{n, learners, services}, Rules: set.Rules, Learned: func(time.Duration, error) { known.Add(1) },
				Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return learnedAt },
			}).Relearn(learning, time.Time{})
		})
	}
	err = all.Wait()
	if err == nil {
		err = markLearned(ctx, s)
	}
	return errors.Join(err, s.Close())
}

// markLearned stores that the schedule has just learned everything, so that the program does not
// begin again when it starts.
func markLearned(ctx context.Context, s *store.Store) error {
	now := time.Now()
	if _, err := s.ClaimRun(ctx, "profiles", now, now, now.Add(time.Minute)); err != nil {
		return err
	}
	return s.FinishRun(ctx, "profiles", now)
}

// everyNth is a catalogue of a part of the services, for one learner.
type everyNth struct{ first, nth, services int }

// Service implements profiles.Catalogue.
func (everyNth) Service(_ context.Context, name string, _ time.Time) (rules.Service, error) {
	return rules.Service{Name: name, Match: map[string]string{"service": name}}, nil
}

// Names implements profiles.Catalogue.
func (c everyNth) Names(context.Context, time.Time) (names []string, _ error) {
	for n := c.first; n < c.services; n += c.nth {
		names = append(names, metricstore.ServiceName(n))
	}
	return names, nil
}
