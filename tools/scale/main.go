// Command scale measures how much the built program can watch. `make scale` runs it; see
// internal/proof/scale.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pushback/pushback/internal/proof/program"
	"github.com/pushback/pushback/internal/proof/scale"
	"github.com/pushback/pushback/internal/proof/servertest"
)

const usage = `Measures how much the built program can watch, beside a scripted metric store.

  make scale                                             all of it on SQLite; writes docs/scale.md
  bin/scale -sizes 10000 -runs learned -seconds 60       10,000 watches whose profiles are known
  bin/scale -sizes 200 -busy 200 -runs learned,busy      what else happens beside 200 watches
  make viewers                                           500 people with open pages beside a deploy; writes docs/viewers.md
  bin/scale -database start                              on a PostgreSQL of its own after SQLite
  bin/scale -sqlite=false -database postgres://…         on another PostgreSQL alone; its database
                                                         pushback_scale is dropped

It exits with 1 where something costs more than its ceiling or was lost, and with 2 where
something could not be run.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
	}
	stop()
	os.Exit(code)
}

// command is what was asked for.
type command struct {
	scale.Options
	out      string
	postgres bool // start one
}

const ownServer = "start"

func parse(args []string, stderr io.Writer) (c command, err error) {
	c.Progress = stderr
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&c.Binary, "binary", "bin/pushback", "the built program")
	c.Sizes, c.Learning = []int{1000, 3000, 10_000, 30_000}, []int{10_000}
	flags.Func("sizes", "numbers of watches (default 1000,3000,10000,30000)", numbers(&c.Sizes))
	flags.Func("learning", "the sizes that are also measured while all profiles are being learned (default 10000)", numbers(&c.Learning))
	runs := flags.String("runs", strings.Join(scale.Runs, ","), "what is measured; or "+scale.Viewers+" alone")
	seconds := flags.Int("seconds", 30, "how long each measurement takes")
	find := flags.Int("find", 60, "seconds to wait at most until the program has found the profiles that were learned before")
	flags.IntVar(&c.Busy, "busy", 10_000, "the size beside which other things happen")
	flags.IntVar(&c.Rate, "rate", 5000, "events a second that are offered to intake")
	flags.IntVar(&c.Viewers, "viewers", 500, "people who have a page open, of the run viewers")
	sqlite := flags.Bool("sqlite", true, "measure on SQLite")
	database := flags.String("database", "", "postgres://… of a server for tests, or start: one that is started for this")
	flags.Uint64Var(&c.Seed, "seed", 1, "equal seeds give equal samples")
	flags.StringVar(&c.Dir, "dir", "", "keep folders and logs here (default: a temporary folder, removed where all is well)")
	flags.StringVar(&c.out, "out", "", "write the page here")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	c.Runs, c.For, c.Find = strings.Split(*runs, ","), time.Duration(*seconds)*time.Second, time.Duration(*find)*time.Second
	if *sqlite {
		c.Databases = append(c.Databases, "")
	}
	if c.postgres = *database == ownServer; *database != "" && !c.postgres {
		c.Databases = append(c.Databases, *database)
	}
	return c, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	c, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0, nil
	case err != nil:
		return 2, nil // flag has printed it
	}
	if c.postgres {
		server, err := servertest.StartPostgreSQL(ctx, "fsync=on", "shared_preload_libraries=pg_stat_statements")
		if err != nil {
			return 2, err
		}
		defer server.Stop()
		c.Databases = append(c.Databases, server.URL)
	}
	clean := func() {}
	if c.Dir == "" {
		if c.Dir, err = os.MkdirTemp("", "scale-"); err != nil {
			return 2, err
		}
		clean = func() { _ = os.RemoveAll(c.Dir) }
	}
	report, err := scale.Run(ctx, c.Options)
	if err != nil {
		return 2, fmt.Errorf("%w\nfolders and logs: %s", err, c.Dir)
	}
	page := report.Page()
	fmt.Fprint(stdout, page)
	if err := program.WritePage(c.out, page); err != nil {
		return 2, err
	}
	violations := report.Violations()
	for _, v := range violations {
		fmt.Fprintln(stderr, "too much:", v)
	}
	if len(violations) > 0 {
		return 1, nil
	}
	clean()
	return 0, nil
}

// numbers reads a list with commas.
func numbers(into *[]int) func(string) error {
	return func(list string) error {
		*into = nil
		for one := range strings.SplitSeq(list, ",") {
			n, err := strconv.Atoi(one)
			if err != nil {
				return fmt.Errorf("%q is no number", one)
			}
			*into = append(*into, n)
		}
		return nil
	}
}
