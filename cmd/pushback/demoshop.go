package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/boundedfile"
	"github.com/pushback/pushback/internal/demo"
	"github.com/pushback/pushback/internal/demo/shop"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// demoShopCommand runs only the shop, for docker-compose and for trying a Pushback
// that runs in another process.
type demoShopCommand struct {
	Listen     string `default:"127.0.0.1:8080" help:"Address on which the shop listens."`
	SecretFile string `type:"path" placeholder:"FILE" help:"File with the secret of the rollback hook (whsec_…); without it, the shop accepts no rollback from outside."`
}

// Help shows how to ship a release by hand.
func (demoShopCommand) Help() string {
	return `Example, in another terminal:

  curl -X POST -d '{"version":"v4"}' http://127.0.0.1:8080/admin/version
  pushback deploy --service shop --environment demo --version v4`
}

// Run serves until ctx ends.
func (d demoShopCommand) Run(ctx context.Context, out terminal) error {
	secret, err := d.secret()
	if err != nil {
		return usageError(err)
	}
	listener, err := net.Listen("tcp", d.Listen)
	if err != nil {
		return fmt.Errorf("listening for the shop: %w", err)
	}
	s := shop.New(secret, func(r shop.Release) { fmt.Fprintf(out, "rolled back to %s\n", r.Version) })
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go shop.Load(ctx, "http://"+loopbackAddress(listener.Addr()), demo.PerSecond)
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	fmt.Fprintf(out, "the shop is open at http://%s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the shop: %w", err)
	}
	return nil
}

func (d demoShopCommand) secret() (string, error) {
	if d.SecretFile == "" {
		return "", nil
	}
	b, err := boundedfile.Read(d.SecretFile, 4<<10)
	if err != nil {
		return "", fmt.Errorf("reading the hook's secret: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// loopbackAddress is where this process reaches its own listener, which may be bound
// to every address of the host.
func loopbackAddress(a net.Addr) string {
	_, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// apiDaemon lets the scenario use the daemon through its API, as any tool does.
type apiDaemon struct{ *client }

// Send delivers one event.
func (d apiDaemon) Send(ctx context.Context, e sources.Event) (api.Accepted, error) {
	var accepted api.Accepted
	return accepted, d.call(ctx, http.MethodPost, "/v1/events", e, &accepted)
}

// Explain reads the whole record of a change.
func (d apiDaemon) Explain(ctx context.Context, key string) (api.Explanation, error) {
	var e api.Explanation
	return e, d.call(ctx, http.MethodGet, "/v1/changes/"+key, nil, &e)
}
