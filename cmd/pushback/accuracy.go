package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pushback/pushback/internal/proof/accuracy"
)

type accuracyCommand struct {
	Data    string   `type:"path" default:"../shared/data" placeholder:"FOLDER" help:"Folder of recorded series, with a folder for each origin: jumpstarter and, optionally, microsoft-1m."`
	CSV     []string `name:"csv" type:"path" placeholder:"FILE" help:"Measure on these series instead: timestamp,value[,incident]; .gz if compressed."`
	Moments int      `default:"1500" help:"How many random moments to judge at."`
	History int      `default:"2880" help:"How many ticks to learn from."`
	Seed    uint64   `default:"1" help:"Equal seeds give equal figures."`
	Quick   bool     `help:"A fifth of everything, in under a minute."`
	JSON    bool     `name:"json" help:"Print all figures as JSON instead of the page."`
	Out     string   `type:"path" placeholder:"FILE" help:"Write the page here, and its plots into img/ beside it."`
}

// Help describes what is measured.
func (accuracyCommand) Help() string {
	return `Judges random moments of real series at which nothing was deployed: once as they
are, and once with each of fourteen regressions added. Does the same with
Kayenta's judge, with the methods of Flagger and Argo, and with classical tests.
Prints how often each was wrong, how much it found, and how fast. Nothing leaves
this machine.`
}

// Run measures the detector and prints the page, or writes it to a file.
func (a accuracyCommand) Run(ctx context.Context, out terminal) error {
	if a.Quick {
		a.Moments /= 5
	}
	page, err := a.measure(ctx)
	switch {
	case err != nil:
		return err
	case a.JSON:
		return out.printJSON(page)
	case a.Out == "":
		return page.Markdown(out, "img")
	}
	if err := a.write(page); err != nil {
		return err
	}
	fmt.Fprintf(out, "wrote %s\n", a.Out)
	return nil
}

func (a accuracyCommand) measure(ctx context.Context) (accuracy.Page, error) {
	page := accuracy.Page{Command: a.reproduce(), Series: "the series given"}
	read := func() ([]accuracy.Series, error) { return accuracy.ReadFiles(a.CSV) }
	if len(a.CSV) == 0 {
		page.Series = "jumpstarter (15 services × 19 metrics, 5-minute ticks)"
		read = func() ([]accuracy.Series, error) { return accuracy.ReadFolder(filepath.Join(a.Data, "jumpstarter")) }
	}
	series, err := read()
	if err != nil {
		return page, usageError(err)
	}
	page.Main, err = accuracy.Measure(ctx, a.options("moments", series, a.History, false))
	if err != nil || len(a.CSV) > 0 {
		return page, err
	}
	page.Further, err = a.further(ctx)
	page.Counts = accuracy.SimulateCounts(max(a.Moments*4/3, 1), a.Seed)
	return page, err
}

// extraSeries are the folders on which only the detector is measured, each with
// the number of ticks it learns from.
var extraSeries = []struct {
	folder  string
	history int
}{
	{"microsoft-1m", 2 * 24 * 60},
	{"microsoft-1m", 7 * 24 * 60},
	{"nab", 10 * 24 * 12},
	{"microsoft-1h", 30 * 24},
}

// further measures only the detector, on extraSeries. It skips a folder that
// cannot be read, because these data sets are optional.
func (a accuracyCommand) further(ctx context.Context) ([]accuracy.Further, error) {
	var further []accuracy.Further
	for _, o := range extraSeries {
		series, err := accuracy.ReadFolder(filepath.Join(a.Data, o.folder))
		if err != nil {
			continue
		}
		report, err := accuracy.Measure(ctx, a.options(fmt.Sprintf("%s, %d ticks", o.folder, o.history), series, o.history, true))
		if err != nil {
			return nil, err
		}
		further = append(further, accuracy.Further{Name: o.folder, Report: report})
	}
	return further, nil
}

func (a accuracyCommand) options(what string, series []accuracy.Series, history int, alone bool) accuracy.Options {
	return accuracy.Options{
		Series: series, Moments: a.Moments, History: history, Seed: a.Seed, Alone: alone,
		Progress: progressOn(os.Stderr, what),
	}
}

// reproduce is the command that makes this page again. It names files without
// their folders, so that the published page shows no path of this machine.
func (a accuracyCommand) reproduce() string {
	words := []string{"pushback accuracy", fmt.Sprintf("--moments %d --seed %d", a.Moments, a.Seed)}
	for _, f := range a.CSV {
		words = append(words, "--csv "+filepath.Base(f))
	}
	return strings.Join(words, " ")
}

// progressOn returns a function that shows progress on a terminal, once per
// percent. It returns nil where w is no terminal.
func progressOn(w io.Writer, what string) func(done, of int) {
	if !isTerminal(w) {
		return nil
	}
	var mu sync.Mutex
	return func(done, of int) {
		mu.Lock()
		defer mu.Unlock()
		if done == of || done%max(of/100, 1) == 0 {
			fmt.Fprintf(w, "\r%s: %d of %d ", what, done, of)
		}
		if done == of {
			fmt.Fprintln(w)
		}
	}
}

func (a accuracyCommand) write(page accuracy.Page) error {
	images := filepath.Join(filepath.Dir(a.Out), "img")
	if err := os.MkdirAll(images, 0o755); err != nil { //nolint:gosec // everybody may read a report
		return fmt.Errorf("creating the folder for the plots: %w", err)
	}
	for path, render := range map[string]func(io.Writer) error{
		a.Out: func(w io.Writer) error { return page.Markdown(w, "img") },
		filepath.Join(images, accuracy.PowerPlot): page.Main.PlotPower,
		filepath.Join(images, accuracy.TicksPlot): page.Main.PlotTicks,
	} {
		var b strings.Builder
		if err := render(&b); err != nil {
			return fmt.Errorf("rendering %s: %w", path, err)
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil { //nolint:gosec // as above
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return nil
}
