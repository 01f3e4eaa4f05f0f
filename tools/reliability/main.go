// Command reliability runs the built program while it is killed, while its disk is
// full and while what it asks answers wrongly, and counts the promises it breaks.
// `make reliability` runs it; see internal/proof/reliability.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pushback/pushback/internal/proof/reliability"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "reliability:", err)
	}
	stop()
	os.Exit(code)
}

// run returns the exit code: 1 where a promise is broken, 2 where something
// could not be run.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	o := reliability.Options{Root: ".", Progress: stderr}
	flags := flag.NewFlagSet("reliability", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.Kills, "kills", 200, "how often a daemon is killed")
	flags.IntVar(&o.Freezes, "freezes", 50, "how often one of two replicas is frozen")
	flags.IntVar(&o.Lanes, "lanes", 6, "how many daemons are killed side by side")
	flags.Uint64Var(&o.Seed, "seed", 1, "equal seeds choose equal moments and equal work")
	suites := flags.String("suites", "", "only these, comma-separated: "+strings.Join(reliability.SuiteNames(), ", "))
	out := flags.String("out", "", "write the page here")
	dir := flags.String("dir", "", "keep daemons, logs and ledgers here (default: a temporary folder, removed where all is well)")
	if err := flags.Parse(args); err != nil {
		return 2, nil //nolint:nilerr // flag has printed it
	}
	if *suites != "" {
		o.Suites = strings.Split(*suites, ",")
	}
	clean := func() {}
	if o.Dir = *dir; o.Dir == "" {
		temporary, err := os.MkdirTemp("", "reliability-")
		if err != nil {
			return 2, err
		}
		o.Dir, clean = temporary, func() { _ = os.RemoveAll(temporary) }
	}
	report, err := reliability.Run(ctx, o)
	if err != nil {
		return 2, fmt.Errorf("%w\nlogs and ledgers: %s", err, o.Dir)
	}
	if err := write(report, *out); err != nil {
		return 2, err
	}
	violations := report.Violations()
	for _, v := range violations {
		fmt.Fprintln(stdout, v)
	}
	if len(violations) == 0 {
		clean()
	} else {
		fmt.Fprintln(stdout, "logs and ledgers:", o.Dir)
	}
	fmt.Fprintln(stdout, report.Verdict())
	return min(len(violations), 1), nil
}

func write(r reliability.Report, path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(filepath.Clean(path))
	if err != nil {
		return err
	}
	defer f.Close()
	return r.Markdown(f)
}
