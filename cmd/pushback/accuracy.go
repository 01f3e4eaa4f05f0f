package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/proof/accuracy"
	"github.com/pushback/pushback/internal/proof/trains"
)

type accuracyCommand struct {
	Data      string          `type:"path" default:"../shared/data" placeholder:"FOLDER" help:"Folder of recorded series, with a folder for each origin: jumpstarter and, optionally, microsoft-1m."`
	CSV       []string        `name:"csv" type:"path" placeholder:"FILE" help:"Measure on these series instead: timestamp,value[,incident]; .gz if compressed."`
	Only      []string        `enum:"methods,counts,calibration,rare,several,warmups,limit,faults,dirty,trains" placeholder:"SECTION" help:"Measure these sections of the page alone: ${enum}."`
	Moments   int             `default:"1500" help:"How many random moments of recorded series to judge at."`
	History   int             `default:"2880" help:"How many ticks to learn from."`
	Series    int             `default:"200" help:"How many series to draw of each kind; five times as many of each length of history for calibration."`
	Generator []string        `placeholder:"WORD" help:"Draw only the kinds of series whose names contain one of these words."`
	Span      []time.Duration `placeholder:"DURATION" help:"Draw only histories of these lengths, such as 48h."`
	Seed      uint64          `default:"101" help:"Equal seeds give equal figures. The detector is tuned on seeds 1 to 99; figures are reported from 100 on."`
	Quick     bool            `help:"A fifth of everything, in about a minute."`
	JSON      bool            `name:"json" help:"Print all figures as JSON instead of the page."`
	Out       string          `type:"path" placeholder:"FILE" help:"Write the page here, and its plots into img/ beside it."`
}

// Help describes what is measured.
func (accuracyCommand) Help() string {
	return `Judges random moments of real series at which nothing was deployed: once as they
are, and once with each of fourteen regressions added. Does the same with
Kayenta's judge, with the methods of Flagger and Argo, and with classical tests.
Prints how often each was wrong, how much it found, and how fast. Then does the
same on drawn series of many kinds and lengths (calibration, five for each), and
with changes that follow one another within minutes (trains, five for each
series). Nothing leaves this machine.

Examples:

  pushback accuracy --only calibration --series 200 --generator growth --span 168h
  pushback accuracy --only trains --series 2000`
}

// Run measures the detector and prints the page, or writes it to a file.
func (a accuracyCommand) Run(ctx context.Context, out terminal) error {
	if a.Quick {
		a.Moments, a.Series = a.Moments/5, a.Series/5
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

// wants reports whether a section was asked for. Series that were given are measured
// alone, as a comparison of methods.
func (a accuracyCommand) wants(section string) bool {
	if len(a.CSV) > 0 {
		return section == "methods"
	}
	return len(a.Only) == 0 || slices.Contains(a.Only, section)
}

// section is a part of the page.
type section struct {
	name    string
	measure func(ctx context.Context, page *accuracy.Page) error
}

// sections are all parts, in the order of the page.
func (a accuracyCommand) sections() []section {
	return []section{
		{"methods", a.methods},
		{"counts", func(_ context.Context, page *accuracy.Page) error {
			page.Counts = accuracy.SimulateCounts(max(a.Moments*4/3, 1), a.Seed)
			return nil
		}},
		{"calibration", a.calibration},
		{"rare", func(ctx context.Context, page *accuracy.Page) (err error) {
			page.Rare, err = accuracy.MeasureRare(ctx, max(a.Series, 1), a.Seed, progressOn(os.Stderr, "rare"))
			return err
		}},
		{"several", func(ctx context.Context, page *accuracy.Page) (err error) {
			page.Several, err = accuracy.MeasureSeveral(ctx, max(a.Series, 1), a.Seed, progressOn(os.Stderr, "several signals"))
			return err
		}},
		{"warmups", func(ctx context.Context, page *accuracy.Page) (err error) {
			page.Warmups, err = accuracy.MeasureWarmups(ctx, max(a.Series, 1), a.Seed, progressOn(os.Stderr, "warm-ups"))
			return err
		}},
		{"limit", func(ctx context.Context, page *accuracy.Page) (err error) {
			page.Limit, err = accuracy.MeasureLimit(ctx, max(5*a.Series, 1), a.Seed, progressOn(os.Stderr, "limit"))
			return err
		}},
		{"faults", a.faults},
		{"dirty", func(ctx context.Context, page *accuracy.Page) (err error) {
			page.Dirty, err = accuracy.MeasureDirty(ctx, max(a.Series/10, 1), a.Seed, progressOn(os.Stderr, "dirty data"))
			return err
		}},
		{"trains", func(ctx context.Context, page *accuracy.Page) error {
			report, err := trains.Measure(ctx, max(5*a.Series, 1), a.Seed, progressOn(os.Stderr, "trains"))
			page.Trains = &report
			return err
		}},
	}
}

func (a accuracyCommand) measure(ctx context.Context) (accuracy.Page, error) {
	page := accuracy.Page{Command: a.reproduce(), Seed: a.Seed, Series: "the series given"}
	for _, s := range a.sections() {
		if !a.wants(s.name) {
			continue
		}
		if err := s.measure(ctx, &page); err != nil {
			return page, err
		}
	}
	return page, nil
}

// methods compares the detector with its peers on the given series, or on recorded ones.
func (a accuracyCommand) methods(ctx context.Context, page *accuracy.Page) error {
	read := func() ([]accuracy.Series, error) { return accuracy.ReadFiles(a.CSV) }
	if len(a.CSV) == 0 {
		page.Series = "jumpstarter (15 services × 19 metrics, 5-minute ticks)"
		read = func() ([]accuracy.Series, error) { return accuracy.ReadFolder(filepath.Join(a.Data, "jumpstarter")) }
	}
	series, err := read()
	if err != nil {
		return usageError(err)
	}
	report, err := accuracy.Measure(ctx, a.options("moments", series, a.History, false))
	if err != nil {
		return err
	}
	page.Main = &report
	if len(a.CSV) == 0 {
		page.Further, err = a.further(ctx)
	}
	return err
}

// calibration draws series in which nothing was deployed: more than of other sections, because what is wanted is rare.
func (a accuracyCommand) calibration(ctx context.Context, page *accuracy.Page) (err error) {
	generators := accuracy.GeneratorsNamed(a.Generator)
	if len(generators) == 0 {
		return usageError(fmt.Errorf("no generator has a name that contains %s; there are: %s", strings.Join(a.Generator, " or "), accuracy.GeneratorNames()))
	}
	for _, span := range a.Span {
		if span < time.Hour {
			return usageError(fmt.Errorf("a history of %s is shorter than an hour: give --span at least 1h", span))
		}
	}
	page.Calibration, err = accuracy.Calibrate(ctx, accuracy.Calibration{
		Series: max(5*a.Series, 1), Generators: generators, Spans: a.Span, Seed: a.Seed, Progress: progressOn(os.Stderr, "calibration"),
	})
	return err
}

// faults measures the recording with real faults. It is skipped where it is not there, as
// the other optional data sets are, unless it was asked for.
func (a accuracyCommand) faults(ctx context.Context, page *accuracy.Page) error {
	recording, err := accuracy.ReadRecording(filepath.Join(a.Data, "trainticket"))
	if errors.Is(err, fs.ErrNotExist) && len(a.Only) == 0 {
		return nil
	}
	if err != nil {
		return usageError(err)
	}
	faults, err := accuracy.MeasureFaults(ctx, recording, max(a.Moments*2/3, 2), a.Seed, progressOn(os.Stderr, "pods"))
	page.Faults = &faults
	return err
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
	words := []string{"pushback accuracy", fmt.Sprintf("--moments %d --series %d --seed %d", a.Moments, a.Series, a.Seed)}
	for _, section := range a.Only {
		words = append(words, "--only "+section)
	}
	for _, word := range a.Generator {
		words = append(words, fmt.Sprintf("--generator %q", word))
	}
	for _, span := range a.Span {
		words = append(words, "--span "+span.String())
	}
	for _, f := range a.CSV {
		words = append(words, "--csv "+filepath.Base(f))
	}
	return strings.Join(words, " ")
}

// progressOn returns a function that shows progress: on a terminal once per percent in one line, elsewhere in a
// line per tenth.
func progressOn(w io.Writer, what string) accuracy.Progress {
	parts, form, end := 10, "%s: %d of %d\n", ""
	if isTerminal(w) {
		parts, form, end = 100, "\r%s: %d of %d ", "\n"
	}
	var mu sync.Mutex
	return func(done, of int) {
		mu.Lock()
		defer mu.Unlock()
		if done == of || done%max(of/parts, 1) == 0 {
			fmt.Fprintf(w, form, what, done, of)
		}
		if done == of {
			fmt.Fprint(w, end)
		}
	}
}

func (a accuracyCommand) write(page accuracy.Page) error {
	images := filepath.Join(filepath.Dir(a.Out), "img")
	if err := os.MkdirAll(images, 0o755); err != nil { //nolint:gosec // everybody may read a report
		return fmt.Errorf("creating the folder for the plots: %w", err)
	}
	files := map[string]func(io.Writer) error{a.Out: func(w io.Writer) error { return page.Markdown(w, "img") }}
	if page.Main != nil {
		files[filepath.Join(images, accuracy.PowerPlot)] = page.Main.PlotPower
		files[filepath.Join(images, accuracy.TicksPlot)] = page.Main.PlotTicks
	}
	for path, render := range files {
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
