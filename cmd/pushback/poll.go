package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// fastestPoll is how often a view may ask the daemon.
const fastestPoll = 100 * time.Millisecond

var errTooOften = errors.New("--every is too short\n  hint: write 100ms or more; a look at a watch is taken every few seconds")

// poll asks the daemon again and again, and bears with it while it is away for a short time.
type poll struct {
	host     string
	answered time.Time // when it answered last; zero: never yet
	away     error     // why it does not answer now; nil: it does
}

// took takes note of how a request went. It returns an error where asking again is no use:
// the daemon refused, it has been silent for too long or has never answered, or the person
// stopped the command.
func (p *poll) took(ctx context.Context, err error, now time.Time) error {
	var answer *exitError
	switch {
	case err == nil:
		p.answered, p.away = now, nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case p.answered.IsZero(), errors.As(err, &answer) && answer.status >= 400 && answer.status < 500:
		return err
	case now.Sub(p.answered) > maxSilence:
		return fmt.Errorf("no answer for %s: %w", short(maxSilence), err)
	default:
		p.away = err
	}
	return nil
}

// trouble says that the daemon is away, and how long it is waited for; "" while it answers.
func (p *poll) trouble(now time.Time) string {
	if p.away == nil {
		return ""
	}
	left := max(maxSilence-now.Sub(p.answered), 0)
	return fmt.Sprintf("%s does not answer since %s; asking again for %s", p.host, p.answered.Local().Format(time.TimeOnly), short(left))
}

// short writes a duration in at most two units: 45s, 12m, 1h05m.
func short(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 10*time.Minute && d%time.Minute != 0:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
