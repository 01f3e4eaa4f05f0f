package reliability

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/internal/proof/servertest"
)

// Options say what to run.
type Options struct {
	Root     string   // of the repository that is built and tested
	Dir      string   // for the daemons' folders and the ledgers
	Kills    int      // how often a daemon is killed, and one of two replicas
	Freezes  int      // how often one of two replicas is frozen
	Lanes    int      // how many daemons are killed at the same time
	Seed     uint64   // equal seeds choose equal kill points and equal work; timing varies
	Suites   []string // empty: all
	Progress io.Writer
}

// trial is one suite against one program.
type trial struct {
	suite string
	bug   *plant // nil: the program as it is
	run   func(ctx context.Context, w World, p program) (Outcome, error)

	tries   int // so far
	outcome Outcome
	err     error
}

// maxTries is how often a suite may look for a planted bug. Some show only when two
// processes meet at the wrong moment, which a busy machine can avoid once.
const maxTries = 3

// name is the name of the trial's folder and daemons.
func (t *trial) name() string {
	switch {
	case t.bug == nil:
		return t.suite
	case t.tries > 1:
		return fmt.Sprintf("%s-%s-%d", t.suite, t.bug.short, t.tries)
	default:
		return t.suite + "-" + t.bug.short
	}
}

// again reports whether a trial has to be run again: a suite that found nothing of a
// planted bug.
func (t *trial) again() bool {
	return t.bug != nil && t.err == nil && len(t.outcome.Violations) == 0 && t.tries < maxTries
}

// program is the tested binaries: as released, and with crash points. A bug is planted
// only in the latter.
type program struct{ shipped, armed string }

// Outcome is the result of a suite.
type Outcome struct {
	Head       []string
	Rows       [][]string
	Violations []string
	Took       time.Duration
}

// runner is a run in progress.
type runner struct {
	Options
	began    time.Time
	shop     *shop
	store    string // url of the metric store
	receiver *receiver
	program  program            // as it is
	planted  map[string]program // by bug
	database *servertest.Server // for replicas; nil: no suite needs it
	saying   sync.Mutex
}

// Run builds the programs, runs the suites, at the same time where they do not disturb
// each other, and returns the report. An error means that a suite could not run, which
// is not a violation.
func Run(ctx context.Context, o Options) (Report, error) {
	r := &runner{Options: o, began: time.Now(), planted: map[string]program{}}
	trials := r.trials()
	if err := r.prepare(ctx, trials); err != nil {
		return Report{}, err
	}
	defer r.receiver.server.Close()
	if r.database != nil {
		defer r.database.Stop()
	}
	if err := r.runAll(ctx, phases(trials)); err != nil {
		return Report{}, err
	}
	return newReport(o, trials, time.Since(r.began)), nil
}

// runAll runs one phase after the other. The program as it is mostly waits, so those with planted bugs are
// built meanwhile.
func (r *runner) runAll(ctx context.Context, phases [][]*trial) error {
	ctx, stop := context.WithCancel(ctx)
	planted := sync.OnceValue(func() error { return r.plant(ctx, slices.Concat(phases...)) })
	go func() { _ = planted() }()
	defer func() { stop(); _ = planted() }()
	for _, together := range phases {
		if slices.ContainsFunc(together, func(t *trial) bool { return t.bug != nil }) {
			if err := planted(); err != nil {
				return err
			}
		}
		if err := r.runTogether(ctx, together); err != nil {
			return err
		}
	}
	return nil
}

// trials are the runs of the chosen suites: with the program as it is, and with every
// bug that the suite must find.
func (r *runner) trials() (all []*trial) {
	for _, s := range suites(r.Options) {
		if len(r.Suites) > 0 && !slices.Contains(r.Suites, s.name) {
			continue
		}
		all = append(all, &trial{suite: s.name, run: s.run})
		for _, b := range s.bugs {
			all = append(all, &trial{suite: s.name, bug: b.plant, run: b.run})
		}
	}
	return all
}

// phases groups the trials that may run at once: first the suites with the program as it
// is, then those with planted bugs. Replicas, which are many processes, run apart.
func phases(trials []*trial) [][]*trial {
	groups := make([][]*trial, 4)
	for _, t := range trials {
		n := 0
		if t.needsDatabase() {
			n++
		}
		if t.bug != nil {
			n += 2
		}
		groups[n] = append(groups[n], t)
	}
	return groups
}

// needsDatabase reports whether the trial runs replicas, which share a database.
func (t *trial) needsDatabase() bool { return strings.HasPrefix(t.suite, "replica-") }

// prepare builds the programs and starts the receiver and the metric store.
func (r *runner) prepare(ctx context.Context, trials []*trial) (err error) {
	if r.Root, err = filepath.Abs(r.Root); err != nil {
		return err
	}
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of the run: %w", err)
	}
	if err := r.build(ctx); err != nil {
		return err
	}
	if r.receiver, err = newReceiver(filepath.Join(r.Dir, "received")); err != nil {
		return err
	}
	if slices.ContainsFunc(trials, (*trial).needsDatabase) {
		r.say("starting PostgreSQL")
		if r.database, err = servertest.StartPostgreSQL(ctx); err != nil {
			return err
		}
	}
	r.shop = newShop(time.Now().Add(-shopPast))
	_, r.store, err = listen(&metrics{shop: r.shop, now: time.Now})
	return err
}

// build compiles the program as it is.
func (r *runner) build(ctx context.Context) error {
	r.say("building pushback")
	r.program = program{filepath.Join(r.Dir, "pushback"), filepath.Join(r.Dir, "pushback-with-points")}
	if err := errors.Join(build(ctx, r.Root, r.program.shipped), build(ctx, r.Root, r.program.armed, "-tags", "crashpoints")); err != nil {
		return err
	}
	return checkNoCrashPoints(r.program)
}

// plant builds the programs with the bugs that the trials look for.
func (r *runner) plant(ctx context.Context, trials []*trial) error {
	for _, t := range trials {
		if t.bug == nil || r.planted[t.bug.short] != (program{}) {
			continue
		}
		r.say("building a program that %s", t.bug.name)
		binary, err := t.bug.build(ctx, r.Root, r.Dir)
		if err != nil {
			return err
		}
		r.planted[t.bug.short] = program{binary, binary}
	}
	return nil
}

// checkNoCrashPoints checks that the released program contains no crash points.
func checkNoCrashPoints(p program) error {
	shipped, err := os.ReadFile(p.shipped)
	if err != nil {
		return err
	}
	armed, err := os.ReadFile(p.armed)
	if err != nil {
		return err
	}
	if bytes.Contains(shipped, []byte(crashpoint.EnvVariable)) || !bytes.Contains(armed, []byte(crashpoint.EnvVariable)) {
		return errors.New("only the build with the tag crashpoints may contain crash points")
	}
	return nil
}

// runTogether runs trials at the same time and joins their errors.
func (r *runner) runTogether(ctx context.Context, trials []*trial) error {
	var all sync.WaitGroup
	var errs error
	for _, t := range trials {
		all.Go(func() {
			for first := true; first || t.again(); first = false {
				r.runTrial(ctx, t)
			}
		})
	}
	all.Wait()
	for _, t := range trials {
		if t.err != nil {
			errs = errors.Join(errs, fmt.Errorf("%s: %w", t.name(), t.err))
		}
	}
	return errs
}

func (r *runner) runTrial(ctx context.Context, t *trial) {
	began := time.Now()
	t.tries++
	p := r.program
	if t.bug != nil {
		p = r.planted[t.bug.short]
	}
	w := World{
		Name: t.name(), Dir: filepath.Join(r.Dir, t.name()), Seed: r.Seed + uint64(t.tries-1), Shop: r.shop, Metrics: r.store, Receiver: r.receiver,
		say: func(format string, args ...any) { r.say(t.name()+": "+format, args...) },
	}
	if r.database != nil {
		w.Database = r.database.URL
	}
	if t.err = os.MkdirAll(w.Dir, 0o700); t.err != nil {
		return
	}
	t.outcome, t.err = t.run(ctx, w, p)
	t.outcome.Took = time.Since(began)
	w.say("%d violations, after %s", len(t.outcome.Violations), t.outcome.Took.Round(time.Second))
	for _, v := range t.outcome.Violations {
		if t.bug == nil {
			w.say("VIOLATION %s", v)
		}
	}
}

// say writes one line of progress.
func (r *runner) say(format string, args ...any) {
	r.saying.Lock()
	defer r.saying.Unlock()
	fmt.Fprintf(r.Progress, "%4.0f s  %s\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, args...))
}
