package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
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
	c, mistakes := daemon.Adapters().Check(s.Config)
	if len(mistakes) > 0 {
		return wrongConfig(mistakes)
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
	d, err := daemon.New(ctx, daemon.Options{Config: c, Table: daemon.Adapters(), Version: version(), Log: log})
	var mistakes config.Diagnostics
	if errors.As(err, &mistakes) {
		return wrongConfig(mistakes)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	l, err := d.Listen()
	if err != nil {
		return err
	}
	ready(l.Addr().String())
	return d.Run(ctx, l)
}
