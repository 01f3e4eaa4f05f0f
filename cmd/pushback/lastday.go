package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/backtest"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// lastDay is the result of replaying new rules at random moments of the last day.
// No tool reported changes then, so that some of the alarms may be right.
type lastDay struct {
	Moments int        `json:"moments"` // each of one service
	Judged  int        `json:"judged"`  // replays with something to compare
	Alarms  []dayAlarm `json:"alarms"`
}

// dayAlarm is one rule that was likely or certain at one moment.
type dayAlarm struct {
	Rule    string         `json:"rule"`
	Service string         `json:"service"`
	At      time.Time      `json:"at"`
	Grade   detector.Grade `json:"grade"`
	What    string         `json:"what"` // the signal that alarmed, with its numbers
}

// tryLastDay loads the written files as the daemon does, and replays their rules at n
// moments; nil for n = 0.
func tryLastDay(ctx context.Context, file string, services []string, n int) (day *lastDay, err error) {
	if n == 0 {
		return nil, nil
	}
	day = &lastDay{Alarms: []dayAlarm{}}
	past, set, err := openWritten(ctx, file)
	if err != nil {
		return day, err
	}
	defer func() { err = errors.Join(err, past.close()) }()
	past.options.History = dayHistory
	moments := randomMoments(services, set.Rules(), n, past.options.Now)
	progress := newProgress(os.Stderr, len(moments))
	err = backtest.Run(ctx, past.options, moments, func(_ backtest.Moment, replays []backtest.Replay) error {
		progress.step()
		day.add(replays)
		return nil
	})
	progress.end()
	return day, err
}

// openWritten opens the written files as the daemon does.
func openWritten(ctx context.Context, file string) (*past, *rules.Set, error) {
	c, err := loadConfig(file)
	if err != nil {
		return nil, nil, err
	}
	set, err := backtestCommand{}.ruleSet(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	p, err := openPast(ctx, c, set)
	return p, set, err
}

// dayHistory is shorter than the history that rules learn from in the daemon, so
// that this first replay is quick on any metric store.
const dayHistory = 36 * time.Hour

// randomMoments spreads n moments over the last day, one service after the other. They
// lie so far back that each bake is over.
func randomMoments(services []string, all []rules.Rule, n int, now time.Time) []backtest.Moment {
	bake := time.Duration(0)
	for _, r := range all {
		bake = max(bake, min(r.Settle+r.Bake, 12*time.Hour))
	}
	chance := rand.New(rand.NewPCG(1, uint64(n)))
	moments := make([]backtest.Moment, 0, n)
	for i := range n {
		at := now.Add(-bake - time.Duration(chance.Int64N(int64(24*time.Hour-bake)))).UTC().Truncate(time.Second)
		service := services[i%len(services)]
		moments = append(moments, backtest.Moment{Placebo: true, Change: sources.Change{
			ID: fmt.Sprintf("%s:%s", service, at.Format(time.RFC3339)), Service: service, Environment: "production", Kind: sources.Deploy,
			Status: sources.Succeeded, StartedAt: at, FinishedAt: at,
		}})
	}
	return moments
}

// add counts the replays of one moment.
func (d *lastDay) add(replays []backtest.Replay) {
	d.Moments++
	for _, r := range replays {
		if r.Compared() {
			d.Judged++
		}
		for _, l := range r.Looks {
			if l.Verdict.Grade >= detector.Likely {
				d.Alarms = append(d.Alarms, dayAlarm{
					Rule: r.Rule.Name, Service: r.Moment.Service, At: r.Moment.StartedAt, Grade: l.Verdict.Grade, What: worstLine(l.Verdict, r.End.Plan.Length()),
				})
				break
			}
		}
	}
}

// worstLine describes the signal that determined the grade.
func worstLine(v detector.Verdict, watched time.Duration) string {
	lines := report.Moved(v, watched)
	for i, e := range v.Signals {
		if e.Grade == v.Grade && i < len(lines) {
			return lines[i]
		}
	}
	return ""
}

func (d *lastDay) print(out terminal) error {
	if d == nil {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nat %d random moments of the last day these rules, with 36 hours of history, would have judged %d times and alarmed %d times\n", d.Moments, d.Judged, len(d.Alarms))
	const listed = 10
	for i, a := range d.Alarms {
		if i == listed {
			fmt.Fprintf(&b, "  and %d more; --json has them all\n", len(d.Alarms)-listed)
			break
		}
		fmt.Fprintf(&b, "  %s %s, %s: %s\n", a.At.Format("2006-01-02 15:04Z"), a.Service, a.Rule, out.paint(styleBad, a.What))
	}
	if len(d.Alarms) > 0 {
		first := d.Alarms[0]
		fmt.Fprintf(&b, "something may have been changed at these times; look at one:\n  pushback rules try %s --service %s --at %s\n", first.Rule, first.Service, first.At.Format(time.RFC3339))
	}
	_, err := fmt.Fprint(out, b.String())
	return err
}
