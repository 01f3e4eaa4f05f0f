package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/doctor"
	"github.com/pushback/pushback/internal/readiness"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/survey"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources/metrics"
)

// examination is what the doctor has found out so far. A later part skips what an earlier one has
// found missing, and says so.
type examination struct {
	command doctorCommand
	now     time.Time

	c       config.Config
	answers map[string]daemon.Answer // by place in pushback.yml
	store   *store.Store             // nil: it cannot be read
	past    *past                    // nil: the rules or the metric stores cannot be read
	set     *rules.Set
	names   []string        // of the services
	known   []rules.Service // the same, as the catalogue knows them
	covered []survey.Coverage
	ready   []readiness.Signal
	status  *api.Status // of the running daemon; nil: none answers

	checks []doctor.Check
}

// add notes a check.
func (x *examination) add(area, name string, status doctor.Status, next, format string, args ...any) {
	x.checks = append(x.checks, doctor.Of(area, name, status, next, format, args...))
}

// part is one part of the examination.
type part struct {
	what string // for whoever waits
	look func(ctx context.Context)
}

// run looks at everything, and says on a terminal what it is at. Each part has --timeout, so that a
// store that hangs does not keep the rest from being looked at.
func (x *examination) run(ctx context.Context, progress io.Writer) {
	if !isTerminal(progress) {
		progress = io.Discard
	}
	ask := func(p part) {
		fmt.Fprintf(progress, "\r\x1b[Klooking at %s …", p.what)
		ctx, cancel := context.WithTimeout(ctx, x.command.Timeout)
		defer cancel()
		p.look(ctx)
	}
	defer func() { fmt.Fprint(progress, "\r\x1b[K") }()
	for _, p := range x.parts() {
		if ctx.Err() == nil {
			ask(p)
		}
	}
	x.sort()
}

// parts are the parts in the order in which they need each other. Without a pushback.yml that can
// be used, only the daemon is left.
func (x *examination) parts() []part {
	x.environment()
	if !x.config() {
		left := slices.DeleteFunc(doctor.Areas(), func(area string) bool { return area == doctor.Config || area == doctor.Daemon })
		x.add("the rest", "", doctor.NotChecked, "", "%s: they need %s", strings.Join(left, ", "), x.file())
		return []part{{"the daemon", x.daemon}}
	}
	return []part{
		{"the adapters", x.adapters},
		{"the daemon", x.daemon},
		{"the database", x.database},
		{"the clocks", x.clocks},
		{"the catalogue", x.catalogue},
		{"the rules", x.rules},
		{"what the rules have data for", x.coverage},
		{"the history", x.history},
		{"the receivers", x.receivers},
		{"the change sources", x.sources},
		{"this machine", x.machine},
	}
}

// sort puts the checks into the order of the areas, in which people read them.
func (x *examination) sort() {
	areas := doctor.Areas()
	place := func(c doctor.Check) int {
		if i := slices.Index(areas, c.Area); i >= 0 {
			return i
		}
		return slices.Index(areas, doctor.Config)
	}
	slices.SortStableFunc(x.checks, func(a, b doctor.Check) int { return place(a) - place(b) })
}

func (x *examination) close() {
	if x.past != nil {
		_ = x.past.close() // opened to read
	}
	if x.store != nil {
		_ = x.store.Close() // as above
	}
}

// file is pushback.yml as people find it from here.
func (x *examination) file() string { return shown(x.command.Config) }

// environment finds variables that nothing reads.
func (x *examination) environment() {
	x.checks = append(x.checks, doctor.Environment(os.Environ(), variables)...)
}

// variables are what the commands read of the environment; a test compares them with the flags.
var variables = []string{"PUSHBACK_AUTHOR", "PUSHBACK_CONFIG", "PUSHBACK_PROMETHEUS", "PUSHBACK_SERVER", "PUSHBACK_TOKEN_FILE"}

// config reads pushback.yml as config check does, and reports whether it can be used.
func (x *examination) config() bool {
	file := x.file()
	if _, err := os.Stat(x.command.Config); os.IsNotExist(err) {
		x.add(doctor.Config, "", doctor.Fail, "pushback rules init --prometheus http://prometheus:9090", "there is no file %s; name one with -c, or write one", file)
		return false
	}
	table := daemon.Adapters()
	c, mistakes := table.Check(x.command.Config)
	for _, m := range mistakes {
		x.add(doctor.Config, "", doctor.Fail, mending(m), "%s:%d:%d: %s [%s]", shown(m.File), m.Line, m.Column, m.Message, m.Code)
	}
	if len(mistakes) > 0 {
		return false
	}
	x.c = c
	x.add(doctor.Config, "", doctor.OK, "", "%s: %s, %s, %s, %s: no mistakes", file,
		counted(len(c.Metrics), "metric store"), counted(len(c.Sources), "source"), counted(len(c.Hooks), "hook"), counted(len(c.Receivers), "receiver"))
	return true
}

// mending is what mends a mistake in pushback.yml, at its place.
func mending(m config.Diagnostic) string {
	at := fmt.Sprintf("%s:%d", shown(m.File), m.Line)
	if m.Hint == "" {
		return fmt.Sprintf("correct %s; docs/diagnostics/%s.md shows how", at, m.Code)
	}
	return fmt.Sprintf("correct %s: %s", at, m.Hint)
}

// adapters asks the database and every adapter, as config check --online does.
func (x *examination) adapters(ctx context.Context) {
	x.answers = map[string]daemon.Answer{}
	for _, a := range daemon.Adapters().Ask(ctx, x.c, slog.New(slog.DiscardHandler)) {
		x.answers[a.Place] = a
		area, _, _ := strings.Cut(a.Place, ".")
		if area == doctor.Receiving || area == doctor.Sources {
			continue // which have parts of their own
		}
		x.checks = append(x.checks, x.ofAnswer(area, a))
	}
}

// ofAnswer is the check that an adapter's answer makes.
func (x *examination) ofAnswer(area string, a daemon.Answer) doctor.Check {
	switch a.Status {
	case daemon.AnswerOK:
		return doctor.Of(area, a.Place, doctor.OK, "", "%s", a.Detail)
	case daemon.AnswerNotAsked:
		return doctor.Of(area, a.Place, doctor.NotChecked, "", "%s", a.Detail)
	}
	return doctor.Of(area, a.Place, doctor.Fail, x.nextFor(area, a), "%s", a.Detail)
}

// nextFor is what to try where an adapter does not work.
func (x *examination) nextFor(area string, a daemon.Answer) string {
	switch area {
	case doctor.Hooks:
		return "pushback hooks test " + strings.TrimPrefix(a.Place, "hooks.") + "   # asks again, check by check"
	case doctor.Store:
		return x.nextForDatabase(a.Detail)
	default:
		return "correct " + a.Place + " in " + x.file() + ", or start what it names, and run pushback config check --online"
	}
}

// nextForDatabase is what to try where the database does not work. A file that is none is moved
// away, and not removed: somebody may still read it.
func (x *examination) nextForDatabase(why string) string {
	url, err := x.c.StoreURL()
	file, is := strings.CutPrefix(url, "sqlite:")
	if err == nil && is && (strings.Contains(why, "not a database") || strings.Contains(why, "malformed")) {
		return fmt.Sprintf("mv %[1]s %[1]s.bad   # with the daemon stopped; then restore a backup, or pushback serve makes a new one", shown(file))
	}
	return "correct store in " + x.file() + ", or make the database answer, and run pushback doctor again"
}

// database opens Pushback's own database to read it.
func (x *examination) database(ctx context.Context) {
	url, err := x.c.StoreURL()
	if err != nil || x.answers["store"].Status != daemon.AnswerOK {
		return // said already
	}
	if x.store, err = store.OpenReadOnly(ctx, url); err != nil {
		x.add(doctor.Store, "", doctor.Fail, "", "%v", err)
	}
}

// clocks compares this machine's clock with those of the metric stores and of the database.
func (x *examination) clocks(ctx context.Context) {
	for _, name := range slices.Sorted(maps.Keys(x.c.Metrics)) {
		if x.answers["metrics."+name].Status != daemon.AnswerOK {
			x.add(doctor.ClockArea, "metrics."+name, doctor.NotChecked, "", "it does not answer")
			continue
		}
		x.clockOf(ctx, name)
	}
	switch {
	case x.store == nil:
		x.add(doctor.ClockArea, "store", doctor.NotChecked, "", "%s", x.noDatabase())
	case x.store.Shared():
		x.skew("the database", 0, func() (time.Time, error) { return x.store.Now(ctx) })
	default:
		x.add(doctor.ClockArea, "store", doctor.OK, "", "the database is a file, and runs by this machine's clock")
	}
}

func (x *examination) clockOf(ctx context.Context, name string) {
	stores, mistakes := daemon.Adapters().MetricStores(x.c, []string{name}, metrics.ReadOnly, slog.New(slog.DiscardHandler))
	if len(mistakes) > 0 {
		x.add(doctor.ClockArea, "metrics."+name, doctor.NotChecked, "", "%s", mistakes[0].Message)
		return
	}
	defer stores[name].Close()
	clocked, is := stores[name].(metrics.Clocked)
	if !is {
		x.add(doctor.ClockArea, "metrics."+name, doctor.OK, "", "metrics.%s is read on this machine, by its clock", name)
		return
	}
	x.skew("metrics."+name, time.Second, func() (time.Time, error) { return clocked.Clock(ctx) })
}

// skew compares a clock that is exact to some time with this machine's, in the middle of asking.
func (x *examination) skew(what string, exact time.Duration, ask func() (time.Time, error)) {
	before := time.Now()
	at, err := ask()
	took := time.Since(before)
	if err != nil {
		x.add(doctor.ClockArea, what, doctor.NotChecked, "", "%v", err)
		return
	}
	middle := before.Add(took / 2)
	x.checks = append(x.checks, doctor.Clock(what, at.Add(exact/2).Sub(middle), (took+exact)/2))
}

// noDatabase says why there is no database to read.
func (x *examination) noDatabase() string {
	if x.answers["store"].Status == daemon.AnswerNotAsked {
		return "the database does not exist yet"
	}
	return "the database cannot be read"
}
