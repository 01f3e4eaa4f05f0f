// Command load measures whether the built program keeps up with its deploy tools. `make
// load` runs it; see internal/proof/load.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pushback/pushback/internal/proof/load"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
	}
	stop()
	os.Exit(code)
}

// run returns the exit code: 1 where a watch was late or an event refused, 2 where
// something could not be run.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	var o load.Options
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.Binary, "binary", "bin/pushback", "the built program")
	flags.StringVar(&o.Database, "database", "", "postgres://… of an empty database (default: a SQLite file)")
	flags.IntVar(&o.Rate, "rate", 5000, "events a second")
	flags.DurationVar(&o.For, "for", time.Minute, "how long they are sent")
	flags.IntVar(&o.Watched, "watched", 5, "of 100 services, how many are watched")
	flags.IntVar(&o.Services, "services", 10000, "services of which events are sent in turn")
	flags.IntVar(&o.Connections, "connections", 256, "connections of the deploy tools")
	if err := flags.Parse(args); err != nil {
		return 2, nil //nolint:nilerr // flag has printed it
	}
	var err error
	if o.Dir, err = os.MkdirTemp("", "load-"); err != nil {
		return 2, err
	}
	r, err := load.Run(ctx, o)
	if err != nil {
		return 2, err
	}
	if _, err := fmt.Fprintln(stdout, r); err != nil {
		return 2, err
	}
	if !r.Kept() {
		return 1, nil
	}
	return 0, os.RemoveAll(o.Dir)
}
