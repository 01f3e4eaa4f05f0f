package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/demo"
	"github.com/pushback/pushback/internal/demo/shop"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/embedded"
)

type demoCommand struct {
	Run  demoRunCommand  `cmd:"" default:"withargs" help:"Run the whole demonstration."`
	Shop demoShopCommand `cmd:"" help:"Run only the shop, with customers."`
	Ship demoShipCommand `cmd:"" help:"Ship a release of a running shop, and report it to the daemon."`

	Secrets demoSecretsCommand `cmd:"" help:"Make the secrets of docker-compose.yml."`
}

// Help shows the whole, and its parts one by one.
func (demoCommand) Help() string {
	return `Examples:

  pushback demo
  pushback demo shop
  pushback demo ship --version v4`
}

// demoRunCommand runs the shop, the daemon and the scenario in one process.
type demoRunCommand struct {
	Once   bool   `help:"End when the last release has been rolled back, instead of serving the page until Ctrl-C."`
	Listen string `placeholder:"ADDRESS" help:"Address of the page; by default a free port of this host."`
	Keep   string `type:"path" placeholder:"FOLDER" help:"Keep the configuration, rule and database here."`
}

// Help describes the demonstration.
func (demoRunCommand) Help() string {
	return `A small shop with two hundred customers per second ships a good release, one that
is slightly worse, and one that is broken. Pushback judges all three by the shop's
metrics and rolls back as its rule says. Nothing leaves this machine.

Exit code 0 when Pushback did what the scenario expects, 1 when it did not.

Examples:

  pushback demo
  pushback demo --once --keep /tmp/demo`
}

// Run starts everything, plays the scenario, and stops everything.
func (d demoRunCommand) Run(ctx context.Context, out terminal) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stage, err := d.open(ctx, out)
	if err != nil {
		return err
	}
	defer stage.close()
	ended := make(chan error, 1)
	ready := make(chan string, 1)
	go func() { ended <- runDaemon(ctx, stage.config, stage.log, func(address string) { ready <- address }) }()
	err = d.play(ctx, out, stage, ready, ended)
	stop()
	return errors.Join(err, <-ended)
}

// play waits for the daemon and ships the releases.
func (d demoRunCommand) play(ctx context.Context, out terminal, s *stage, ready <-chan string, ended chan error) error {
	select {
	case err := <-ended:
		ended <- nil
		return fmt.Errorf("the daemon did not start: %w", err)
	case address := <-ready:
		c, err := serverFlags{Server: "http://" + address, TokenFile: s.config.TokenFile}.client()
		if err != nil {
			return err
		}
		scenario := demo.Scenario{Shop: s.shop, Rollbacks: s.rollbacks, Daemon: apiDaemon{c}, Out: out, Page: c.base.String()}
		if err := scenario.Play(ctx); err != nil {
			return err
		}
	}
	if d.Once {
		return nil
	}
	fmt.Fprintln(out, "The page stays up; Ctrl-C ends the demonstration.")
	<-ctx.Done()
	return nil
}

// stage is everything the scenario needs except the daemon.
type stage struct {
	config    config.Config
	shop      *shop.Shop
	rollbacks chan string
	log       *slog.Logger
	close     func()
}

// open builds the stage: a folder with files, a shop with customers, and past samples.
func (d demoRunCommand) open(ctx context.Context, out terminal) (*stage, error) {
	folder, remove, err := d.folder()
	if err != nil {
		return nil, err
	}
	s := &stage{rollbacks: make(chan string, 8)}
	logFile, err := os.Create(filepath.Join(folder, "pushback.log"))
	if err != nil {
		remove()
		return nil, fmt.Errorf("opening the demonstration's log: %w", err)
	}
	s.log = slog.New(slog.NewJSONHandler(logFile, nil))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		remove()
		return nil, fmt.Errorf("listening for the shop: %w", err)
	}
	server := s.openShop(listener)
	s.close = func() { _ = server.Close(); _ = logFile.Close(); remove() }
	if err := s.prepare(ctx, out, folder, d.Listen, listener.Addr().String()); err != nil {
		s.close()
		return nil, err
	}
	// The customers begin after the past is written. Nothing scrapes the shop before, so
	// that the first scrape would show all their requests as one jump.
	go shop.Load(ctx, "http://"+listener.Addr().String(), demo.PerSecond)
	return s, nil
}

// folder is where the demonstration writes its files, and a function that removes it.
func (d demoRunCommand) folder() (string, func(), error) {
	if d.Keep != "" {
		return d.Keep, func() {}, os.MkdirAll(d.Keep, 0o700)
	}
	folder, err := os.MkdirTemp("", "pushback-demo-")
	return folder, func() { _ = os.RemoveAll(folder) }, err
}

func (s *stage) openShop(listener net.Listener) *http.Server {
	s.shop = shop.New(demo.Secret, func(r shop.Release) { s.rollbacks <- r.Version })
	server := &http.Server{Handler: s.shop.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return server
}

// prepare writes the files, loads them as serve does, and writes the past samples.
func (s *stage) prepare(ctx context.Context, out terminal, folder, listen, address string) error {
	listen, err := orFree(listen)
	if err != nil {
		return err
	}
	files := demo.Files{Listen: listen, Shop: address}
	if err := files.Write(folder); err != nil {
		return err
	}
	c, problems := daemon.Adapters().Load(filepath.Join(folder, "pushback.yml"))
	if len(problems) > 0 {
		return fmt.Errorf("the demonstration's configuration is wrong:\n%w", problems)
	}
	s.config = c
	fmt.Fprintf(out, "A shop with %d customers a second, and %.0f hours of its past …\n", demo.PerSecond, demo.Past.Hours())
	return s.fill(ctx, address)
}

// orFree is the address to listen on: the one given, or one with a free port. It is
// needed before the daemon starts, because every link that the daemon writes has it.
func orFree(listen string) (string, error) {
	if listen != "" {
		return listen, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// fill writes past samples into the metric store before the daemon opens it.
func (s *stage) fill(ctx context.Context, address string) error {
	latencies, err := demo.Measure(ctx, 2*time.Second)
	if err != nil {
		return err
	}
	settings := s.config.Metrics[s.config.DefaultMetrics].Settings.(*embedded.Config)
	store, err := embedded.New(metrics.Options{Name: "shop", Log: s.log}, *settings)
	if err != nil {
		return fmt.Errorf("opening the metric store: %w", err)
	}
	err = store.Append(ctx, demo.History(latencies, address, time.Now()))
	return errors.Join(err, store.Close())
}
