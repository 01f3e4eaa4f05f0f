package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/pushback/pushback/internal/gitrepo"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// gitFlags say what deploy takes from a git repository.
type gitFlags struct {
	Git   bool          `default:"true" negatable:"" help:"Read from the git repository what no flag says; --no-git sends only what the flags say (default ${default})."`
	Repo  string        `type:"path" placeholder:"DIR" help:"Folder of the repository; by default the one that the command is run in."`
	Paths bool          `help:"Send which files changed since the version before, for the paths of pushback.yml to say whose they are."`
	Forge gitrepo.Forge `enum:"auto,github,gitlab,bitbucket,gitea" default:"auto" help:"What the remote's host runs, for the link: github, gitlab, bitbucket, gitea (Forgejo too), or auto, which goes by its name (default ${default})."`
}

// readRepository fills in from the git repository what no flag says. What cannot be read is
// no reason not to report a deploy: a warning says what is missing.
func (d *deployCommand) readRepository(ctx context.Context, c *client, out terminal) error {
	if !d.Git || d.Kind != string(sources.Deploy) && d.Repo == "" {
		if d.Paths {
			return usageError(errors.New("--paths needs a git repository\n  hint: leave --no-git out, and name the repository by --repo"))
		}
		return nil // a flag is in no repository
	}
	repo, err := gitrepo.Open(ctx, cmp.Or(d.Repo, "."))
	switch {
	case errors.Is(err, gitrepo.ErrNoRepository) && d.Repo != "":
		return usageError(fmt.Errorf("--repo: %w\n  hint: name a folder with a clone, or leave --repo out", err))
	case errors.Is(err, gitrepo.ErrNoRepository) && d.Paths:
		return usageError(fmt.Errorf("--paths: %w\n  hint: run the command in a clone, or name one by --repo", err))
	case errors.Is(err, gitrepo.ErrNoRepository):
		return nil
	case err == nil:
		err = d.describe(ctx, c, repo, out)
	}
	if err != nil {
		fmt.Fprintf(out.warnings, "pushback: warning: not read from the git repository: %v\n  hint: --no-git does not ask it\n", err)
	}
	return nil
}

// describe takes from the repository what it knows of the version.
func (d *deployCommand) describe(ctx context.Context, c *client, repo *gitrepo.Repository, out terminal) error {
	head, found, err := d.revision(ctx, repo)
	if err != nil || !found {
		return err
	}
	d.Version, d.Actor = cmp.Or(d.Version, head.Name()), cmp.Or(d.Actor, head.Author)
	previous := d.Previous
	if previous == "" {
		if previous, err = d.liveVersion(ctx, c); err != nil {
			return err
		}
	}
	if previous == "" || previous == d.Version {
		if d.Paths {
			fmt.Fprintln(out.warnings, "pushback: warning: no other version was live before, so no changed files are sent\n  hint: name the version before by --previous")
		}
		return nil
	}
	before, found, err := repo.Version(ctx, previous)
	if err == nil && !found {
		err = fmt.Errorf("it has no commit or tag of %q, the version before, so whose commits are new is not known; a clone without history or tags has none",
			sources.OneLine(previous, sources.MaxName))
	}
	if err != nil {
		return err
	}
	d.URL = cmp.Or(d.URL, gitrepo.Compare(repo.Remote(ctx), d.forge(), before, head))
	if len(d.Rider) == 0 {
		if d.Rider, err = repo.AuthorsBetween(ctx, before, head); err != nil {
			return err
		}
	}
	return d.readPaths(ctx, repo, before, head)
}

// readPaths takes the files that differ between two revisions. Where they are too many to send, the
// change stays with its service: a part of them could leave a service out.
func (d *deployCommand) readPaths(ctx context.Context, repo *gitrepo.Repository, before, head gitrepo.Revision) (err error) {
	if d.Paths {
		d.paths, err = repo.PathsBetween(ctx, before, head)
	}
	return err
}

// forge is what the remote's host runs; "" leaves it to its name.
func (g gitFlags) forge() gitrepo.Forge {
	if g.Forge == "auto" {
		return ""
	}
	return g.Forge
}

// revision is the commit of the version. A version that the repository does not know is of
// another one, unless --repo names this one; then it was built from what is checked out.
func (d *deployCommand) revision(ctx context.Context, repo *gitrepo.Repository) (_ gitrepo.Revision, found bool, err error) {
	if d.Version != "" {
		at, found, err := repo.Version(ctx, d.Version)
		if err != nil || found || d.Repo == "" {
			return at, found, err
		}
	}
	head, err := repo.Head(ctx)
	return head, err == nil, err
}

// liveVersion asks the daemon which version is live where this one goes: that of the newest
// change that succeeded there, or what Pushback's own rollback of it went back to.
func (d *deployCommand) liveVersion(ctx context.Context, c *client) (string, error) {
	var page api.Changes
	query := url.Values{"service": {d.Service}, "environment": {d.Environment}, "limit": {"100"}}
	if err := c.call(ctx, http.MethodGet, "/v1/changes?"+query.Encode(), nil, &page); err != nil {
		return "", fmt.Errorf("the daemon does not say which version was live before: %w", err)
	}
	for _, change := range page.Changes {
		if !d.replaces(change) {
			continue
		}
		if change.Order != "done" {
			return change.Version, nil
		}
		var e api.Explanation
		if err := c.call(ctx, http.MethodGet, "/v1/changes/"+pathSegment(change.Key), nil, &e); err != nil || e.Order == nil {
			return "", err
		}
		return e.Order.Target, nil
	}
	return "", nil
}

// replaces reports whether a change succeeded where this one goes. An earlier report of this
// change is not one.
func (d *deployCommand) replaces(c api.ChangeSummary) bool {
	return c.Status == sources.Succeeded && c.ID != d.changeID() && c.Region == d.Region && string(c.Kind) == d.Kind &&
		(d.Kind == string(sources.Deploy) || c.Group == d.Group)
}
