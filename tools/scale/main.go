// Command scale measures how much the built program can watch. `make scale` runs it; see
// internal/proof/scale.
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

	"github.com/pushback/pushback/internal/proof/scale"
)

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

// run returns the exit code: 2 where something could not be run.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	o := scale.Options{Progress: stderr}
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.Binary, "binary", "bin/pushback", "the built program")
	sizes := []int{1000, 3000, 10000, 30000}
	flags.Func("sizes", "numbers of watches, as in 1000,3000 (default 1000,3000,10000,30000)", func(list string) (err error) {
		sizes, err = numbers(list)
		return err
	})
	seconds := flags.Int("seconds", 60, "how long each measurement takes")
	learn := flags.Int("learn", 60, "seconds to wait at most until all profiles are learned")
	flags.Uint64Var(&o.Seed, "seed", 1, "equal seeds give equal samples")
	flags.StringVar(&o.Dir, "dir", "", "keep folders and logs here (default: a temporary folder, which is removed)")
	if err := flags.Parse(args); err != nil {
		return 2, nil //nolint:nilerr // flag has printed it
	}
	o.For, o.Learn = time.Duration(*seconds)*time.Second, time.Duration(*learn)*time.Second
	if o.Dir == "" {
		temporary, err := os.MkdirTemp("", "scale-")
		if err != nil {
			return 2, err
		}
		o.Dir = temporary
		defer os.RemoveAll(temporary)
	}
	for _, size := range sizes {
		r, err := scale.RunWatches(ctx, o, size)
		if err != nil {
			return 2, err
		}
		fmt.Fprintf(stdout, "%d watches on %s, %s:\n  learning: %s\n  learned %v: %s\n", r.Size, r.Dialect, r.Machine, r.Learning, r.Learned, r.Settled)
	}
	return 0, nil
}

// numbers are the numbers of a list with commas.
func numbers(list string) (all []int, err error) {
	for one := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(one)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number of watches", one)
		}
		all = append(all, n)
	}
	return all, nil
}
