package main

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/demo/playground"
	"github.com/pushback/pushback/internal/outbound"
)

// demoSecretsCommand makes what docker-compose.yml needs before its programs start.
type demoSecretsCommand struct {
	Dir     string        `required:"" type:"existingdir" placeholder:"FOLDER" help:"Folder of the secrets."`
	Grafana string        `placeholder:"URL" help:"Also make a service account on this Grafana, whose user admin has the password in FOLDER/grafana-admin."`
	Page    string        `default:"http://127.0.0.1:8484" placeholder:"URL" help:"Where the daemon's page will be (default ${default})."`
	Timeout time.Duration `default:"1m" help:"How long Grafana may take (default ${default})."`
}

// Help says what is written.
func (demoSecretsCommand) Help() string {
	return `For docker-compose.yml. Makes the secrets that are not in the folder yet: token (of
the API), hook, and grafana-admin. Shows the token, because a person signs in with
it. With --grafana, the file grafana gets a token that may write annotations.

Examples:

  pushback demo secrets --dir /run/secrets
  pushback demo secrets --dir /run/secrets --grafana http://grafana:3000`
}

// Run makes the secrets, or the account on Grafana.
func (d demoSecretsCommand) Run(ctx context.Context, out terminal) error {
	token, err := playground.Secrets(d.Dir)
	if err != nil {
		return err
	}
	if d.Grafana == "" {
		fmt.Fprintf(out, "sign in at %s with the API token %s\n", d.Page, token)
		return nil
	}
	if err := outbound.CheckURL(d.Grafana); err != nil {
		return usageError(fmt.Errorf("--grafana: %w", err))
	}
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	made, err := playground.Grafana{URL: d.Grafana, Folder: d.Dir}.Mark(ctx)
	if err != nil {
		return err
	}
	if made {
		fmt.Fprintln(out, "Grafana has a service account for Pushback, which marks changes there")
		return nil
	}
	fmt.Fprintln(out, "Grafana takes the token that Pushback has")
	return nil
}
