package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pushback/pushback/internal/backtest"
	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/folder"
	"github.com/pushback/pushback/rules"
)

// backtestCommand replays rules over the past. It reads metric stores and files, and
// may run beside a daemon. It calls the daemon only with --record.
type backtestCommand struct {
	configFlag
	Rules     string  `type:"path" placeholder:"FOLDER" help:"Replay the rules of this folder instead of those in force."`
	Changes   string  `placeholder:"FILE" help:"Changes to replay, one JSON object per line; - is standard input."`
	FromStore bool    `help:"Replay the changes that were reported to Pushback."`
	Placebo   int     `placeholder:"N" help:"Also replay N random moments without a change: every alarm there is false."`
	Seed      uint64  `default:"1" placeholder:"N" help:"Which random moments (default ${default})."`
	Pace      float64 `placeholder:"N" help:"Changes per month that a rule watches, if the replayed ones do not show it."`
	Ticks     bool    `help:"Write the result of every signal at every tick."`
	JSON      bool    `help:"Write JSON, for programs; with --ticks, one object per line."`
	Record    bool    `help:"Send the scores to the daemon, which then proposes the modes that rules have earned."`
	Server    string  `env:"PUSHBACK_SERVER" default:"http://127.0.0.1:8484" placeholder:"URL" help:"Address of the daemon, for --record (${env}; default ${default})."`
	TokenFile string  `env:"PUSHBACK_TOKEN_FILE" type:"path" placeholder:"FILE" help:"File with the API token, for --record (${env})."`
}

// Help describes the output.
func (backtestCommand) Help() string {
	return `Shows for each rule how often it would have raised a false alarm, how many false
alarms that means for your number of changes, which bad changes it would have found
and how soon, and whether it has earned mode ask or act: see docs/backtest.md.

A line of --changes, and a line that --ticks --json writes:

  {"id":"d1","service":"cart","environment":"production","kind":"deploy","version":"v42","at":"2026-11-20T10:00:00Z"}
  {"change":"d1","rule":"red","signal":"errors","tick":4,"grade":"likely","p":0.004,"effect":0.021,"reason":""}

"good":true on a line of --changes says that nothing was wrong with a deploy, so that later
ones of its service are expected to do the same in their first minutes.
effect is the value measured after the change minus the forecast value.

Examples:

  pushback backtest --from-store --placebo 500 --record
  pushback backtest -c pushback.yml --rules rules/ --changes changes.jsonl --ticks --json`
}

// mostPlacebos bounds the work of one run.
const mostPlacebos = 100_000

// Run replays the rules and writes ticks or scores.
func (b backtestCommand) Run(ctx context.Context, out terminal) (err error) {
	if err := b.check(); err != nil {
		return err
	}
	c, err := b.load()
	if err != nil {
		return err
	}
	set, err := b.ruleSet(ctx, c)
	if err != nil {
		return err
	}
	past, err := openPast(ctx, c, set)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, past.close()) }()
	moments, err := b.moments(ctx, c, past)
	if err != nil {
		return err
	}
	if b.Pace > 0 {
		past.options.Pace = func(rules.Rule) float64 { return b.Pace / backtest.Month.Seconds() }
	}
	return b.replay(ctx, out, past.options, moments)
}

// check finds mistakes in the flags before anything is opened.
func (b backtestCommand) check() error {
	switch {
	case (b.Changes == "") == !b.FromStore:
		return usageError(errors.New("say which changes to replay: --changes FILE, or --from-store\n  hint: pushback backtest --help shows a line of the file"))
	case b.Placebo < 0 || b.Placebo > mostPlacebos:
		return usageError(fmt.Errorf("--placebo must be from 0 to %d", mostPlacebos))
	case !(b.Pace >= 0 && b.Pace <= 1e6):
		return usageError(errors.New("--pace must be a number of changes per month, from 0 to 1000000"))
	}
	return nil
}

// ruleSet loads the rules as the daemon would.
func (b backtestCommand) ruleSet(ctx context.Context, c config.Config) (*rules.Set, error) {
	dir := c.Rules
	if b.Rules != "" {
		dir = b.Rules
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, usageError(fmt.Errorf("reading the rules: %w", err))
	}
	world := daemon.Adapters().World(c)
	world.Stop = ctx.Err
	set, found := rules.Load(folder.Files(dir), world)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var mistakes []error
	for _, d := range found {
		mistakes = append(mistakes, d)
	}
	if len(mistakes) > 0 {
		return nil, usageError(fmt.Errorf("the rules in %s are wrong:\n%w", dir, errors.Join(mistakes...)))
	}
	if set == nil || set.Len() == 0 {
		return nil, usageError(fmt.Errorf("there are no rules in %s", dir))
	}
	return set, nil
}

// moments are the changes to replay, followed by the placebos.
func (b backtestCommand) moments(ctx context.Context, c config.Config, p *past) ([]backtest.Moment, error) {
	moments, err := b.changes(ctx, c, p)
	if err != nil {
		return nil, err
	}
	if len(moments) == 0 {
		return nil, usageError(errors.New("there are no changes to replay"))
	}
	placebos, err := backtest.Placebos(moments, append(p.aside, moments...), b.Placebo, p.options.MinDistance(), b.Seed)
	if err != nil {
		return nil, usageError(fmt.Errorf("--placebo: %w", err))
	}
	return append(moments, placebos...), nil
}

func (b backtestCommand) changes(ctx context.Context, c config.Config, p *past) ([]backtest.Moment, error) {
	if b.FromStore {
		return p.fromStore(ctx, c, p.options.Now)
	}
	moments, err := b.fromFile(p.options.Now)
	for i := range moments {
		moments[i].Service = p.canonical(moments[i].Service)
	}
	p.options.Good = backtest.GoodAmong(moments)
	return moments, err
}

func (b backtestCommand) fromFile(now time.Time) ([]backtest.Moment, error) {
	name, r := b.Changes, io.Reader(os.Stdin)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usageError(fmt.Errorf("reading the changes: %w", err))
		}
		defer f.Close()
		r = f
	}
	moments, err := backtest.ReadChanges(name, r, now)
	if err != nil {
		return nil, usageError(fmt.Errorf("the changes are wrong:\n%w", err))
	}
	return moments, nil
}

// replay replays all moments. With --ticks it writes each replay at once.
func (b backtestCommand) replay(ctx context.Context, out terminal, o backtest.Options, moments []backtest.Moment) error {
	scorer := backtest.NewScorer(o.Rules.Rules(), b.Pace)
	progress := newProgress(os.Stderr, len(moments))
	lines := bufio.NewWriter(out)
	unwatched, failed := 0, failures{}
	err := backtest.Run(ctx, o, moments, func(m backtest.Moment, replays []backtest.Replay) error {
		progress.step()
		if len(replays) == 0 && !m.Placebo {
			unwatched++
		}
		for _, r := range replays {
			scorer.Add(r)
			failed.add(r)
			if err := b.ticks(lines, r); err != nil {
				return err
			}
		}
		return nil
	})
	progress.end()
	if err := errors.Join(err, lines.Flush()); err != nil {
		return fmt.Errorf("replaying: %w", err)
	}
	if unwatched > 0 {
		fmt.Fprintf(os.Stderr, "pushback: no rule watches %d of the changes\n", unwatched)
	}
	if b.Record && failed.count == 0 {
		if err := b.record(ctx, scorer.Scores()); err != nil {
			return err
		}
	}
	return errors.Join(b.scores(out, scorer.Scores()), failed.error())
}

// failures counts the replays in which the metric store or the catalogue failed.
type failures struct {
	count, of int
	first     error
}

func (f *failures) add(r backtest.Replay) {
	f.of++
	if r.Fault == nil {
		return
	}
	f.count++
	if f.first == nil {
		f.first = r.Fault
	}
}

// error is exit code 1: the scores leave out what could not be read.
func (f *failures) error() error {
	if f.count == 0 {
		return nil
	}
	return fmt.Errorf("the metric store or the catalogue failed in %d of %s, and the scores cannot be relied on: %w", f.count, counted(f.of, "replay"), f.first)
}

func (b backtestCommand) ticks(w io.Writer, r backtest.Replay) error {
	switch {
	case b.Ticks && b.JSON:
		return r.WriteJSON(w)
	case b.Ticks:
		return r.WriteText(w)
	}
	return nil
}

// backtestAnswer is what --json writes.
type backtestAnswer struct {
	Seed  uint64           `json:"seed"`
	Rules []backtest.Score `json:"rules"`
}

func (b backtestCommand) scores(out terminal, scores []backtest.Score) error {
	switch {
	case b.Ticks:
		return nil
	case b.JSON:
		return out.printJSON(backtestAnswer{Seed: b.Seed, Rules: scores})
	}
	return backtest.Text(out, scores)
}

// progress shows on a terminal how far a long run is. Elsewhere it writes nothing.
type progress struct {
	w        io.Writer
	text     string
	done, of int
	shown    time.Time
}

func newProgress(w io.Writer, of int) *progress {
	if !isTerminal(w) {
		w = io.Discard
	}
	return &progress{w: w, of: of, text: "replayed %d of %d moments"}
}

// saying sets the words, with a place for each of the two numbers.
func (p *progress) saying(text string) *progress {
	p.text = text
	return p
}

func (p *progress) step() {
	p.done++
	if now := time.Now(); now.Sub(p.shown) >= 200*time.Millisecond {
		p.shown = now
		fmt.Fprintf(p.w, "\r\x1b[K"+p.text, p.done, p.of)
	}
}

// end clears the line.
func (p *progress) end() { fmt.Fprint(p.w, "\r\x1b[K") }
