package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// deployCommand reports a change to the daemon, for tools that cannot send events
// themselves.
type deployCommand struct {
	serverFlags
	Service     string            `required:"" help:"Service that changes."`
	Environment string            `required:"" help:"Environment it changes in."`
	Version     string            `required:"" help:"Version it changes to."`
	Status      string            `enum:"started,succeeded,failed" default:"succeeded" help:"How far it has come: started, succeeded or failed."`
	Previous    string            `help:"Version that was live before; by default the last one the daemon knows."`
	Kind        string            `enum:"deploy,config,flag,experiment" default:"deploy" help:"What changes: deploy, config, flag or experiment."`
	Group       string            `help:"Which flag, experiment or config key it is. Without it, one flag of a service cannot be told from another."`
	Region      string            `help:"Region, where changes go region by region."`
	ID          string            `name:"id" help:"Your own ID for this change. Needed when one version is deployed twice."`
	URL         string            `name:"url" help:"Page of the pipeline or pull request."`
	Actor       string            `help:"Who did it."`
	RollbackOf  string            `help:"Key or ID of the change that this one rolls back."`
	Label       map[string]string `help:"Labels of the change, key=value."`
	At          moment            `help:"When it happened: 2026-11-26T15:04:05Z, or how long ago, as in 5m; by default now."`
	Wait        bool              `help:"Wait for the verdict: exit 0 healthy, 3 regressed, 4 neither."`
}

// Help shows both uses: with one event, and with two.
func (deployCommand) Help() string {
	return `Examples:

  pushback deploy --service cart --environment production --version v42 --status started
  ./roll-out v42
  pushback deploy --service cart --environment production --version v42 --wait

The same service, environment, region, kind, group and version are the same change, so
that a command may be repeated after a timeout. To deploy a version a second
time, give each deploy an --id, such as the number of the CI run.`
}

// Run sends the event, prints the daemon's answer, and waits if asked to.
func (d deployCommand) Run(ctx context.Context, out terminal) error {
	c, err := d.client()
	if err != nil {
		return err
	}
	var accepted api.Accepted
	if err := c.call(ctx, http.MethodPost, "/v1/events", d.event(time.Now()), &accepted); err != nil {
		return err
	}
	if err := d.print(out, c, accepted); err != nil || !d.Wait {
		return err
	}
	return waitForVerdict(ctx, out, c, accepted.Key)
}

// event makes the event to send. Without --id, the change ID is made from the
// fields that identify a change. The daemon makes the event ID from the change ID
// and the status, so that it recognises a retry as a duplicate.
func (d deployCommand) event(now time.Time) sources.Event {
	id := d.ID
	if id == "" {
		id = strings.Join([]string{d.Service, d.Environment, d.Region, d.Kind, d.Version}, "/")
		if d.Group != "" {
			id += "/" + d.Group
		}
	}
	at := time.Time(d.At)
	if at.IsZero() {
		at = now
	}
	return sources.Event{
		ChangeID: id, Status: sources.Status(d.Status), At: at.UTC(),
		Service: d.Service, Environment: d.Environment, Region: d.Region, Kind: sources.Kind(d.Kind),
		Version: d.Version, Previous: d.Previous, RollbackOf: d.RollbackOf, Group: d.Group, Actor: d.Actor, URL: d.URL, Labels: d.Label,
	}
}

func (d deployCommand) print(out terminal, c *client, a api.Accepted) error {
	if d.JSON {
		return out.printJSON(a)
	}
	page := c.base.JoinPath("changes", a.Key)
	fmt.Fprintf(out, "%s  %s %s in %s: %s\n", out.paint(styleStrong, a.Key), a.Change.Service, a.Change.What(), a.Change.Environment, a.Change.Status)
	fmt.Fprintf(out, "  %s\n", page)
	if a.Duplicate {
		fmt.Fprintln(out, "  this event was known already, so no watch began; to deploy this version again, give it an --id")
	}
	if a.Unwatched {
		fmt.Fprintf(out, "  %s no rule watches a %s of %s in %s: is the service or the environment misspelt? pushback rules coverage lists what is watched\n",
			out.paint(styleDoubt, "warning:"), a.Change.Kind, a.Change.Service, a.Change.Environment)
	}
	return nil
}
