package main

import (
	"cmp"
	"context"
	"errors"
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
	gitFlags
	unknownFlags
	Service     string            `required:"" help:"Service that changes."`
	Environment string            `required:"" help:"Environment it changes in."`
	Version     string            `help:"Version it changes to; by default the git tag or short commit that is checked out."`
	Status      string            `enum:"started,succeeded,failed" default:"succeeded" help:"How far it has come: started, succeeded or failed (default ${default})."`
	Previous    string            `help:"Version that was live before; by default the last one the daemon knows."`
	Kind        string            `enum:"deploy,config,flag,experiment" default:"deploy" help:"What changes: deploy, config, flag or experiment (default ${default})."`
	Group       string            `help:"Which flag, experiment or config key it is. Without it, one flag of a service cannot be told from another."`
	Region      string            `help:"Region, where changes go region by region."`
	ID          string            `name:"id" help:"Your own ID for this change. Needed when one version is deployed twice."`
	URL         string            `name:"url" help:"Page of the pipeline or pull request; by default the page that compares the version with the one before."`
	Actor       string            `help:"Who did it; by default the author of the commit."`
	Rider       []string          `placeholder:"NAME" help:"Whose commits it carries; by default their authors since the version before. May be repeated."`
	RollbackOf  string            `help:"Key or ID of the change that this one rolls back."`
	Label       map[string]string `help:"Labels of the change, key=value."`
	At          moment            `help:"When it happened: 2026-11-26T15:04:05Z, or how long ago, as in 5m; by default now."`
	waitFlags

	paths []string // read from the repository
}

// Help shows the use with one event, with two, and in a repository.
func (deployCommand) Help() string {
	return `Examples:

  pushback deploy --service cart --environment production --version v42 --status started
  ./roll-out v42
  pushback deploy --service cart --environment production --version v42 --wait

  pushback deploy --service cart --environment production --version v43 --wait --timeout 20m --until likely

  cd cart && pushback deploy --service cart --environment production   # version, riders and link from git
  pushback deploy --service cart --environment production --no-git --version v42

The same service, environment, region, kind, group and version are the same change, so
that a command may be repeated after a timeout. To deploy a version a second
time, give each deploy an --id, such as the number of the CI run.

In a git repository, what no flag says is read from it: the version (the tag, else
twelve digits of the commit), the author, the authors of all commits since the
version before, and the page that compares the two. A --version that the repository
does not know is not of this repository: then nothing is taken from it, unless --repo
names it. --no-git sends only what the flags say.

--wait writes a line whenever something moves, and one a minute, until the watches have
ended. It ends sooner where a change is certainly bad and nothing will be done about it,
because the rule only observes or the rollback was refused: exit 5. With --until it ends as
soon as the change is likely or certainly bad, with --timeout after that time: exit 4.

An environment that no rule watches is warned about, and the change is reported all
the same. So is a service that the catalogue does not know, but at a terminal: there
it is refused, so that a typing error can be corrected. --unknown warn reports it, and
--unknown refuse refuses it in a pipeline too.

In a repository of many services, --paths sends which files changed since the version
before, and "services: {paths: ...}" in pushback.yml says whose they are: one change
begins for each. --service is then for files that nobody is mapped to.

  pushback deploy --service shop/mono --environment production --paths`
}

// Run sends the event, prints the daemon's answer, and waits if asked to.
func (d deployCommand) Run(ctx context.Context, out terminal) error {
	c, err := d.client()
	if err != nil {
		return err
	}
	if err := d.readRepository(ctx, c, out); err != nil {
		return err
	}
	if d.Version == "" && d.Kind == string(sources.Deploy) {
		return usageError(errors.New("--version is missing, and cannot be taken from a git repository\n  hint: write --version v42, or name the repository by --repo"))
	}
	var accepted deployAnswer
	if err := c.call(ctx, http.MethodPost, "/v1/events?"+d.query(unknownDeploy(out)).Encode(), d.event(time.Now()), &accepted); err != nil {
		return err
	}
	out.warnOf(accepted.Warnings)
	if accepted.Ignored.Ignored {
		return out.printIgnored(accepted.Ignored, d.JSON)
	}
	if !d.Wait || !d.JSON {
		if err := d.print(out, c, accepted.Accepted); err != nil || !d.Wait {
			return err
		}
	}
	return d.waitForAll(ctx, out, c, accepted.Accepted)
}

// deployAnswer is an answer to an event: it was stored, or reports no change.
type deployAnswer struct {
	api.Accepted
	api.Ignored
}

// waitForAll waits for the verdict of every change that the event is about, one after the other. The
// first that is not healthy decides the exit code.
func (d deployCommand) waitForAll(ctx context.Context, out terminal, c *client, a api.Accepted) error {
	err := d.forVerdict(ctx, out, c, a.Key, d.JSON)
	for _, other := range a.Others {
		if ctx.Err() == nil {
			err = cmp.Or(err, d.forVerdict(ctx, out, c, other.Key, d.JSON))
		}
	}
	return err
}

// printIgnored says why an event was not stored.
func (t terminal) printIgnored(i api.Ignored, asJSON bool) error {
	if asJSON {
		return t.printJSON(i)
	}
	_, err := fmt.Fprintf(t, "nothing was stored: %s\n", i.Reason)
	return err
}

// unknownDeploy is what happens to an unknown service where no flag says so: a person at a terminal
// can correct the name, and in a pipeline nobody is there.
func unknownDeploy(out terminal) string {
	if out.live() {
		return "refuse"
	}
	return "warn"
}

// printableWarning is a warning with its hint, as errors have it.
func printableWarning(w api.Warning) string {
	text := sources.OneLine(w.Detail, sources.MaxText)
	if w.Hint != "" {
		text += "\n  hint: " + sources.OneLine(w.Hint, sources.MaxText)
	}
	return text
}

// changeID is the tool's name of the change. Without --id, it is made from the fields that
// identify a change.
func (d deployCommand) changeID() string {
	if d.ID != "" {
		return d.ID
	}
	id := strings.Join([]string{d.Service, d.Environment, d.Region, d.Kind, d.Version}, "/")
	if d.Group != "" {
		id += "/" + d.Group
	}
	return id
}

// event makes the event to send. The daemon makes the event ID from the change ID
// and the status, so that it recognises a retry as a duplicate.
func (d deployCommand) event(now time.Time) sources.Event {
	at := time.Time(d.At)
	if at.IsZero() {
		at = now
	}
	return sources.Event{
		ChangeID: d.changeID(), Status: sources.Status(d.Status), At: at.UTC(),
		Service: d.Service, Environment: d.Environment, Region: d.Region, Kind: sources.Kind(d.Kind),
		Version: d.Version, Paths: d.paths, Previous: d.Previous, RollbackOf: d.RollbackOf, Group: d.Group, Actor: d.Actor, Riders: d.Rider, URL: d.URL, Labels: d.Label,
	}
}

func (d deployCommand) print(out terminal, c *client, a api.Accepted) error {
	if d.JSON {
		return out.printJSON(a)
	}
	page := c.base.JoinPath("changes", a.Key)
	fmt.Fprintf(out, "%s  %s %s in %s: %s\n", out.paint(styleStrong, a.Key), a.Change.Service, a.Change.What(), a.Change.Environment, a.Change.Status)
	fmt.Fprintf(out, "  %s\n", page)
	if len(a.Change.Riders) > 0 {
		fmt.Fprintf(out, "  carries commits of %s\n", strings.Join(a.Change.Riders, ", "))
	}
	if a.Change.URL != "" {
		fmt.Fprintf(out, "  %s\n", a.Change.URL)
	}
	for _, other := range a.Others {
		fmt.Fprintf(out, "%s  %s too, by its files\n  %s\n", out.paint(styleStrong, other.Key), other.Service, c.base.JoinPath("changes", other.Key))
	}
	if a.Duplicate {
		fmt.Fprintln(out, "  this event was known already, so no watch began; to deploy this version again, give it an --id")
	}
	return nil
}
