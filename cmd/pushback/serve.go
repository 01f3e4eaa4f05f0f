package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/config"
)

// serveCommand runs the daemon until it is told to stop.
type serveCommand struct {
	configFlag
	Debug bool `help:"Log every request and every look."`
}

// Help is what --help says beyond the flags.
func (serveCommand) Help() string {
	return `Takes events, watches every change, judges it, tells people and rolls back.
Logs JSON lines to standard error. An edit of the rules takes effect by itself,
at once and as a whole; SIGHUP reads them again. Rules with a mistake change
nothing: the last good ones go on, also after a restart. SIGTERM stops within
ten seconds.

Examples:
  pushback serve -c pushback.yml
  pushback rules check && kill -HUP $(pidof pushback)`
}

// Run is the daemon.
func (s serveCommand) Run(ctx context.Context) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if s.Debug {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	return runDaemon(ctx, c, log, func(addr string) { log.Info("serving", "address", addr, "version", version()) })
}

// runDaemon runs until ctx ends. ready is called with the address once the
// port is open, which is before any metric store has answered.
func runDaemon(ctx context.Context, c config.Config, log *slog.Logger, ready func(addr string)) (err error) {
	d, err := newDaemon(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listening: %w\n  hint: is another pushback running? `listen` in %s names the address", err, c.File)
	}
	ready(l.Addr().String())
	return d.run(ctx, l)
}

// run starts everything and waits for all of it to end. The first to fail
// ends the others.
func (d *daemon) run(ctx context.Context, l net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, s := range d.scrapers {
		g.Go(func() error { return s.Run(ctx) })
	}
	g.Go(func() error { return d.engine.Run(ctx) })
	g.Go(func() error { return d.server.Serve(ctx, l) })
	g.Go(func() error { return d.reloadOnHangup(ctx) })
	g.Go(func() error { return d.reloadOnEdit(ctx) })
	return g.Wait()
}
