package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// incidentCommand says what was not the usual.
type incidentCommand struct {
	Note   incidentNoteCommand   `cmd:"" default:"withargs" help:"Keep a stretch of time out of what is learned; meant where no other is named."`
	List   incidentListCommand   `cmd:"" help:"List the incidents."`
	Remove incidentRemoveCommand `cmd:"" help:"Take an incident back: its stretch counts again."`
}

// Help says what follows from an incident.
func (incidentCommand) Help() string {
	return `How a signal moves by itself is learned from its history. A stretch in which it
did not move by itself teaches that worse is usual, and hides what is worse.
What bad changes touched is left out already; say here what else to leave out.
What was learned with it is learned anew.

Examples:

  pushback incident --from 2026-11-20T10:00:00Z --to 2026-11-20T11:30:00Z --service cart --why "the cable"
  pushback incident --from 2h --why "still going on"
  pushback incident list
  pushback incident remove i3`
}

type incidentNoteCommand struct {
	serverFlags
	From        moment `required:"" placeholder:"TIME" help:"When it began: 2026-11-20T10:00:00Z, 2026-11-20 (midnight UTC), or how long ago, as in 3h."`
	To          moment `placeholder:"TIME" help:"When it ended; now unless said."`
	Service     string `help:"Whose history it touches; that of all services unless said."`
	Environment string `help:"Only in this environment."`
	Why         string `help:"Why, for the journal."`
	As          string `help:"Who says so; the user of this shell unless said."`
}

// Run notes the incident.
func (i incidentNoteCommand) Run(ctx context.Context, out terminal) error {
	c, err := i.client()
	if err != nil {
		return err
	}
	ask := api.NewIncident{
		Service: i.Service, Environment: i.Environment, From: time.Time(i.From), To: time.Time(i.To),
		Why: i.Why, Actor: deciderFlags{As: i.As}.actor(),
	}
	var noted api.Incident
	if err := c.call(ctx, http.MethodPost, "/v1/incidents", ask, &noted); err != nil {
		return err
	}
	if i.JSON {
		return out.printJSON(noted)
	}
	_, err = fmt.Fprintf(out, "%s: profiles are learned without %s\n  pushback incident remove %s\n", out.paint(styleStrong, noted.ID), stretchOf(noted), noted.ID)
	return err
}

// stretchOf is what an incident leaves out, in words.
func stretchOf(i api.Incident) string {
	whose := "all services"
	if i.Service != "" {
		whose = i.Service
	}
	if i.Environment != "" {
		whose += " in " + i.Environment
	}
	return fmt.Sprintf("%s to %s of %s", i.From.UTC().Format(time.RFC3339), i.To.UTC().Format(time.RFC3339), whose)
}

type incidentListCommand struct{ serverFlags }

// Run lists.
func (l incidentListCommand) Run(ctx context.Context, out terminal) error {
	c, err := l.client()
	if err != nil {
		return err
	}
	var all api.Incidents
	if err := c.call(ctx, http.MethodGet, "/v1/incidents", nil, &all); err != nil {
		return err
	}
	if l.JSON {
		return out.printJSON(all)
	}
	if len(all.Incidents) == 0 {
		fmt.Fprintln(out, "no incidents: everything but what bad changes touched is learned from")
	}
	for _, i := range all.Incidents {
		fmt.Fprintf(out, "%s  %s, by %s", out.paint(styleStrong, i.ID), stretchOf(i), i.Actor)
		if i.Why != "" {
			fmt.Fprintf(out, ": %s", i.Why)
		}
		fmt.Fprintln(out)
	}
	return nil
}

type incidentRemoveCommand struct {
	serverFlags
	ID string `arg:"" help:"The incident, as list shows it: i3."`
	As string `help:"Who takes it back; the user of this shell unless said."`
}

// Run takes the incident back.
func (r incidentRemoveCommand) Run(ctx context.Context, out terminal) error {
	c, err := r.client()
	if err != nil {
		return err
	}
	var removed api.Incident
	said := api.Decision{Actor: deciderFlags{As: r.As}.actor()}
	if err := c.call(ctx, http.MethodPost, "/v1/incidents/"+pathSegment(r.ID)+"/remove", said, &removed); err != nil {
		return err
	}
	if r.JSON {
		return out.printJSON(removed)
	}
	_, err = fmt.Fprintf(out, "%s: profiles are learned with %s again\n", removed.ID, stretchOf(removed))
	return err
}
