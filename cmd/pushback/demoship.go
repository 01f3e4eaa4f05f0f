package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// demoShipCommand is the deploy tool of a shop that runs in another process: it
// reports the start, switches the version, and reports the end.
type demoShipCommand struct {
	serverFlags
	Version string `required:"" enum:"v1,v2,v3,v4" help:"Release: v1 or v2 (good), v3 (slightly worse), v4 (broken)."`
	Shop    string `default:"http://127.0.0.1:8080" help:"Address of the shop; it accepts releases from this host only."`
}

// Help shows a release that is rolled back.
func (demoShipCommand) Help() string {
	return `Example, with "pushback demo shop" and "pushback serve" running:

  pushback demo ship --version v4`
}

// Run ships one release.
func (d demoShipCommand) Run(ctx context.Context, out terminal) error {
	c, err := d.client()
	if err != nil {
		return err
	}
	at, err := url.Parse(d.Shop)
	if err != nil {
		return usageError(fmt.Errorf("--shop is not a URL: %w", err))
	}
	shop := &client{base: at, http: &http.Client{Timeout: 10 * time.Second}}
	var live struct{ Version string }
	if err := shop.call(ctx, http.MethodGet, "/admin/version", nil, &live); err != nil {
		return err
	}
	deploy := deployCommand{
		serverFlags: d.serverFlags, Service: "shop", Environment: "demo", Kind: string(sources.Deploy), Version: d.Version,
		Previous: live.Version, ID: fmt.Sprintf("%s-%d", d.Version, time.Now().Unix()), Status: string(sources.Started),
	}
	var accepted api.Accepted
	if err := c.call(ctx, http.MethodPost, "/v1/events", deploy.event(time.Now()), &accepted); err != nil {
		return err
	}
	if err := shop.call(ctx, http.MethodPost, "/admin/version", map[string]string{"version": d.Version}, &live); err != nil {
		return err
	}
	deploy.Status = string(sources.Succeeded)
	return deploy.Run(ctx, out)
}
