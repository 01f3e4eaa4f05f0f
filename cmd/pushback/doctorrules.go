package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/doctor"
	"github.com/pushback/pushback/internal/folder"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/survey"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// catalogue loads the rules, which say what metric stores to open, and asks for the services.
func (x *examination) catalogue(ctx context.Context) {
	x.load(ctx)
	discover := x.c.Services.Discover
	if answer := x.answers["metrics."+x.c.DefaultMetrics]; discover != "" && answer.Status != daemon.AnswerOK {
		x.add(doctor.Services, "", doctor.NotChecked, "", "metrics.%s, which is asked for the services, does not answer", x.c.DefaultMetrics)
		return
	}
	var err error
	if x.past, err = openPast(ctx, x.c, x.set); err != nil {
		x.add(doctor.Services, "", doctor.NotChecked, "", "%v", err)
		return
	}
	var found []sources.Series
	if discover != "" {
		if found, err = x.past.options.Stores[x.c.DefaultMetrics].Instant(ctx, discover, x.now); err != nil {
			x.add(doctor.Services, "", doctor.Fail, "correct services.discover in "+x.file(), "services.discover cannot be answered: %v", err)
			return
		}
	}
	conf := daemon.CatalogueConfig(x.c.Services)
	x.checks = append(x.checks, doctor.Catalogue(conf, found, x.file())...)
	x.services(ctx)
}

// services are those of the catalogue, and those with a reported change.
func (x *examination) services(ctx context.Context) {
	names, err := servicesOf(ctx, x.c, x.past)
	var nothing *exitError
	if errors.As(err, &nothing) {
		return // the catalogue's check says it
	}
	if err != nil {
		x.add(doctor.Services, "", doctor.NotChecked, "", "%v", err)
		return
	}
	for _, name := range names {
		s, err := x.past.options.Service(ctx, name, x.now)
		if err != nil {
			x.add(doctor.Services, name, doctor.NotChecked, "", "%v", err)
			return
		}
		x.names, x.known = append(x.names, name), append(x.known, s)
	}
}

// load loads the rules as the daemon does.
func (x *examination) load(ctx context.Context) {
	x.set = &rules.Set{}
	world := daemon.Adapters().StrictWorld(x.c)
	world.Stop = ctx.Err
	world.Environments = recordedEnvironments(ctx, x.c)
	set, found := rules.Load(folder.Files(x.c.Rules), world)
	for _, d := range found {
		x.add(doctor.RulesArea, "", doctor.Fail, fmt.Sprintf("correct %s/%s:%d, and run pushback rules check", shown(x.c.Rules), d.File, d.Line), "%s", d.String())
	}
	if set != nil && len(found) == 0 {
		x.set = set
	}
}

// rules says what is wrong with the rules, beyond mistakes.
func (x *examination) rules(ctx context.Context) {
	if x.set.Len() == 0 {
		if !slices.ContainsFunc(x.checks, func(c doctor.Check) bool { return c.Area == doctor.RulesArea }) {
			x.add(doctor.RulesArea, "", doctor.Warn, "pushback rules library   # shows rules to copy", "there is no rule in %s; no change is judged", shown(x.c.Rules))
		}
		return
	}
	warnings := append(x.set.Warnings(), nobodyWarnings(ctx, x.c, x.set, x.names)...)
	for _, d := range warnings {
		x.add(doctor.RulesArea, "", doctor.Warn, fmt.Sprintf("%s/%s:%d: %s", shown(x.c.Rules), d.File, d.Line, d.Hint), "%s:%d:%d: %s [%s]", d.File, d.Line, d.Column, d.Message, d.Code)
	}
	x.observing(ctx)
	idle := []doctor.Check(nil)
	if len(x.known) > 0 {
		idle = doctor.Rules(x.set, x.known, shown(x.c.Rules))
	} else {
		x.add(doctor.RulesArea, "", doctor.NotChecked, "", "whether a rule watches nobody: no service is known")
	}
	x.checks = append(x.checks, idle...)
	if len(warnings)+len(idle) == 0 {
		x.add(doctor.RulesArea, "", doctor.OK, "", "%s loaded, no warnings", counted(x.set.Len(), "rule"))
	}
}

// observing finds rules that say more than they may do.
func (x *examination) observing(ctx context.Context) {
	if x.c.Trust.AsWritten {
		return
	}
	earned := map[string]bool{}
	for _, r := range x.set.Rules() {
		if x.store == nil {
			break
		}
		given, err := x.store.TrustOf(ctx, r.Hash)
		earned[r.Name] = err == nil && slices.ContainsFunc(given, func(t store.Trust) bool { return t.Mode != rules.Observe.String() })
	}
	x.checks = append(x.checks, doctor.Observing(x.set, earned, x.file())...)
}

// coverage asks which rules have data for which services.
func (x *examination) coverage(ctx context.Context) {
	if why := x.blind(); why != "" {
		x.add(doctor.Covered, "", doctor.NotChecked, "", "%s", why)
		return
	}
	o := x.options()
	progress := newProgress(os.Stderr, min(len(x.known), mostCovered)).saying("asked about %d of %d services")
	defer progress.end()
	for _, s := range x.known[:min(len(x.known), mostCovered)] {
		if ctx.Err() != nil {
			break
		}
		progress.step()
		if one := o.Cover(ctx, s); ctx.Err() == nil {
			x.covered = append(x.covered, one)
		}
	}
	x.checks = append(x.checks, doctor.Coverage(x.covered, len(x.known))...)
}

// blind says why the metric stores are not asked about services; "" where they are.
func (x *examination) blind() string {
	switch {
	case x.past == nil:
		return "the metric store of the services does not answer"
	case x.set.Len() == 0:
		return "there is no rule in force"
	case len(x.known) == 0:
		return "no service is known"
	}
	for name := range x.past.options.Stores {
		if x.answers["metrics."+name].Status != daemon.AnswerOK {
			return fmt.Sprintf("metrics.%s does not answer", name)
		}
	}
	return ""
}

func (x *examination) options() survey.Options {
	o := coverageOptions(x.past, x.set.Anywhere(), x.command.Environment)
	o.At = x.now
	return o
}

// history asks from when on each signal with data can be judged.
func (x *examination) history(ctx context.Context) {
	if len(x.covered) == 0 {
		x.add(doctor.HistoryArea, "", doctor.NotChecked, "", "no service was asked about")
		return
	}
	progress := newProgress(os.Stderr, len(x.covered)).saying("read the history of %d of %d services")
	defer progress.end()
	for i, c := range x.covered {
		progress.step()
		if err := x.historyOf(ctx, c); err != nil {
			x.add(doctor.HistoryArea, "", doctor.NotChecked, "", "of %s: %v", counted(len(x.covered)-i, "service"), err)
			break
		}
	}
	x.checks = append(x.checks, doctor.History(x.ready, x.now)...)
	if len(x.ready) == 0 {
		x.add(doctor.HistoryArea, "", doctor.NotChecked, "", "no signal has data")
	}
}

// historyOf reads the history of the rules that have data for one service.
func (x *examination) historyOf(ctx context.Context, c survey.Coverage) error {
	signals, err := readinessOf(ctx, x.options(), x.known[slices.Index(x.names, c.Service)], c)
	x.ready = append(x.ready, signals...)
	return err
}
