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
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pushback/pushback/internal/proof/load"
	"github.com/pushback/pushback/internal/proof/program"
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

// run returns the exit code: 1 where a watch was late or an event lost, 2 where something
// could not be run.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	var o load.Options
	databases := []string{""}
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.Binary, "binary", "bin/pushback", "the built program")
	rates := []int{5000}
	flags.Func("rates", "events a second; several are measured one after the other, as in 1000,5000 (default 5000)", func(list string) (err error) {
		rates, err = numbers(list)
		return err
	})
	flags.DurationVar(&o.For, "for", time.Minute, "how long they are sent")
	flags.IntVar(&o.Watched, "watched", 5, "of 100 services, how many are watched")
	flags.IntVar(&o.Services, "services", 10000, "services of which events are sent in turn")
	flags.IntVar(&o.Connections, "connections", 256, "connections of the deploy tools")
	out := flags.String("out", "", "write the page here")
	flags.Func("database", "postgres://… of a database for tests that is measured after SQLite", func(url string) error {
		databases = append(databases, url)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return 2, nil //nolint:nilerr // flag has printed it
	}
	var results []load.Result
	code := 0
	for _, o.Database = range databases {
		for _, o.Rate = range rates {
			r, err := measure(ctx, o)
			if err != nil {
				return 2, err
			}
			fmt.Fprintln(stdout, r)
			if !r.Kept() {
				code = 1
			}
			results = append(results, r)
		}
	}
	if err := program.WritePage(*out, load.Page(results)); err != nil {
		return 2, err
	}
	return code, nil
}

// numbers are the numbers of a list with commas.
func numbers(list string) (all []int, err error) {
	for one := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(one)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number of events", one)
		}
		all = append(all, n)
	}
	return all, nil
}

// measure runs the program once, in a folder that is removed unless it failed.
func measure(ctx context.Context, o load.Options) (r load.Result, err error) {
	if o.Dir, err = os.MkdirTemp("", "load-"); err != nil {
		return r, err
	}
	if r, err = load.Run(ctx, o); err != nil {
		return r, err
	}
	return r, os.RemoveAll(o.Dir)
}
