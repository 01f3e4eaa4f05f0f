package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	systemd "github.com/coreos/go-systemd/v22/daemon"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
)

// serveCommand runs the daemon until SIGTERM.
type serveCommand struct {
	configFlag
	Debug bool `help:"Log every request and every look."`
}

// Help describes the daemon.
func (serveCommand) Help() string {
	return `Receives events, watches and judges every change, notifies people and rolls back.
Logs JSON lines to standard error. Edited rules take effect by themselves, all
together; SIGHUP also reads them. Rules with a mistake change nothing: the last
good rules stay in force, also after a restart. SIGTERM stops the daemon within
ten seconds.

Examples:
  pushback serve -c pushback.yml
  pushback rules check && kill -HUP $(pidof pushback)`
}

// Run checks pushback.yml as config check does, and runs the daemon.
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
	return runDaemon(ctx, c, log, func(addr string) {
		log.Info("serving", "address", addr, "version", version())
		tellSupervisor(log)
	})
}

// tellSupervisor tells systemd that the port is open, where a unit of Type=notify waits for it.
func tellSupervisor(log *slog.Logger) {
	if _, err := systemd.SdNotify(false, systemd.SdNotifyReady); err != nil {
		log.Warn("cannot tell systemd that the daemon has started; systemd will stop it", "error", err)
	}
}

// runDaemon runs the daemon until ctx ends. It calls ready with the address once the
// port is open; metric stores may not have answered yet.
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
