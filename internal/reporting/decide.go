package reporting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/verdict"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/watch"
)

// decide returns the answer to a held deployment and the change that decides; nil while it waits. Only what ended
// healthy is approved. What is not known to be well is rejected when the wait is over, with the reason.
func (k *Keeper) decide(ctx context.Context, p store.Protection) (*notify.Answer, string, error) {
	worst, watches, err := k.worst(ctx, p)
	if err != nil {
		return nil, "", err
	}
	a := notify.Answer{Approved: worst.Result == verdict.OK, Why: worst.Reason()}
	if worst.Result == verdict.Unknown {
		a.Why = verdict.NobodyReported(p.Service, p.Version, p.Wait.Environment)
	}
	switch {
	case worst.Result == verdict.OK, worst.Result == verdict.Bad:
	case k.Now().Before(p.Until()):
		return nil, "", nil
	default:
		a.Why = fmt.Sprintf("no healthy verdict within %s: %s", briefly(p.Wait.AtMost), a.Why)
	}
	if worst.Key == "" {
		return &a, "", nil
	}
	if a.Lines, err = k.lines(ctx, watches[worst.Key]); err != nil {
		return nil, "", err
	}
	if k.Text.ExternalURL != "" {
		a.Link = k.Text.Link(worst.Key)
	}
	return &a, worst.Key, nil
}

// worst is the change of the version in the environment before that does worst, of several regions and kinds; and
// the watches of each. Its result is Unknown where nobody has reported one.
func (k *Keeper) worst(ctx context.Context, p store.Protection) (verdict.Change, map[string][]watch.Watch, error) {
	found, err := k.Store.ChangesOfVersion(ctx, store.VersionFilter{Service: p.Service, Environment: p.Wait.Environment, Version: p.Version})
	if err != nil {
		return verdict.Change{}, nil, fmt.Errorf("reading the changes that a deployment waits for: %w", err)
	}
	if len(found) == 0 {
		return verdict.Change{Result: verdict.Unknown}, nil, nil
	}
	var keys []string
	for _, c := range found {
		keys = append(keys, c.Key)
	}
	watches, err := k.Store.WatchesOfEach(ctx, keys)
	if err != nil {
		return verdict.Change{}, nil, fmt.Errorf("reading the watches that a deployment waits for: %w", err)
	}
	var all []verdict.Change
	for _, c := range found {
		all = append(all, verdict.Of(c, watches[c.Key]))
	}
	return verdict.Worst(all), watches, nil
}

// lines say what each rule saw: its signals with their numbers, also those in which nothing moved.
func (k *Keeper) lines(ctx context.Context, watches []watch.Watch) (lines []string, err error) {
	for _, w := range watches {
		lines = append(lines, w.Rule+": "+string(w.State))
		r, err := k.Store.LastRecord(ctx, w.ID)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrDamaged) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the last verdict: %w", err)
		}
		for _, e := range r.Verdict.Signals {
			if e.Part == "" || e.Grade > detector.None {
				lines = append(lines, "  "+report.Short(e))
			}
		}
	}
	return lines, nil
}

// briefly is a duration without its zero minutes and seconds.
func briefly(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}
