package main

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// holdCommand closes the gate.
type holdCommand struct {
	serverFlags
	unknownFlags
	Service     string        `arg:"" optional:"" help:"Service to hold; by default all."`
	Environment string        `help:"Only in this environment."`
	For         time.Duration `placeholder:"2h" help:"How long; by default until it is released."`
	Why         string        `required:"" help:"Why; shown to everybody who asks the gate."`
	As          string        `help:"Who holds; by default the user of this shell."`
}

// Help says how holding differs from freezing.
func (holdCommand) Help() string {
	return `Closes the gate, so that deploy tools which ask it do not deploy. Nothing else is
stopped: changes are watched and rolled back as before. "pushback freeze" stops
rollbacks.

A hold of a service that the catalogue does not know is refused, because it would stop
nothing; --unknown warn or allow sets it.

Examples:

  pushback hold cart --why "incident 7" --for 2h
  pushback hold --why "the database is being moved"
  pushback release h12`
}

// Run sets the hold.
func (h holdCommand) Run(ctx context.Context, out terminal) error {
	c, err := h.client()
	if err != nil {
		return err
	}
	ask := api.NewHold{Service: h.Service, Environment: h.Environment, Why: sources.OneLine(h.Why, sources.MaxText), Actor: deciderFlags{As: h.As}.actor()}
	if h.For < 0 {
		return usageError(fmt.Errorf("--for must not be negative: write a duration such as 2h"))
	}
	if h.For > 0 {
		ask.Until = time.Now().Add(h.For).UTC()
	}
	var held api.Hold
	if err := c.call(ctx, http.MethodPost, "/v1/holds?"+h.query("refuse").Encode(), ask, &held); err != nil {
		return err
	}
	out.warnOf(held.Warnings)
	if h.JSON {
		return out.printJSON(held)
	}
	if held.Existed {
		fmt.Fprintf(out, "it was held already, by %s: %s\n", held.Actor, held.Why)
	}
	fmt.Fprintf(out, "%s holds %s\n  pushback release %s\n", out.paint(styleStrong, held.ID), describeHold(held), held.ID)
	return nil
}

// describeHold says what a hold stops, and until when.
func describeHold(h api.Hold) string {
	what := "pushes of " + h.Service
	switch {
	case h.Kind == "fleet":
		what = "all automatic rollbacks, and all pushes"
	case h.Service == "":
		what = "all pushes"
	}
	if h.Environment != "" {
		what += " to " + h.Environment
	}
	if !h.Until.IsZero() {
		what += " until " + h.Until.Local().Format(time.DateTime)
	}
	return what
}

// releaseCommand ends a hold, or clears a change that counts as bad.
type releaseCommand struct {
	serverFlags
	deciderFlags
	What string `arg:"" help:"A hold (h12), or the key of a change that counts as bad."`
}

// Help says what both uses mean.
func (releaseCommand) Help() string {
	return `Ends a hold, or clears a change that counts as bad: the gate opens, and the
change's version may be a rollback target again. The journal records who did it.

Examples:

  pushback release h12
  pushback release kq3v5d2y --why "it was the marketing mail"`
}

// holdID matches the ID of a hold. Keys of changes are longer.
var holdID = regexp.MustCompile(`^h[0-9]{1,9}$`)

// Run releases the hold or the change.
func (r releaseCommand) Run(ctx context.Context, out terminal) error {
	c, err := r.client()
	if err != nil {
		return err
	}
	said := api.Decision{Actor: r.actor(), Why: r.Why}
	if holdID.MatchString(r.What) {
		var h api.Hold
		if err := c.call(ctx, http.MethodPost, "/v1/holds/"+r.What+"/release", said, &h); err != nil {
			return err
		}
		return r.print(out, h, "%s no longer holds %s\n", h.ID, strings.SplitN(describeHold(h), " until ", 2)[0])
	}
	var change api.ChangeSummary
	if err := c.call(ctx, http.MethodPost, "/v1/changes/"+pathSegment(r.What)+"/clear", said, &change); err != nil {
		return err
	}
	return r.print(out, change, "%s %s is not to blame any more\n", change.Service, change.What())
}

func (r releaseCommand) print(out terminal, answer any, format string, args ...any) error {
	if r.JSON {
		return out.printJSON(answer)
	}
	_, err := fmt.Fprintf(out, format, args...)
	return err
}
