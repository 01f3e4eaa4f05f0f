package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// incidentCommand works on incidents: times that profiles must not learn from.
type incidentCommand struct {
	Note   incidentNoteCommand   `cmd:"" default:"withargs" help:"Keep a time out of what is learned, and clear what turned bad in it (the default)."`
	List   incidentListCommand   `cmd:"" help:"List the incidents."`
	End    incidentEndCommand    `cmd:"" help:"End an incident that goes on."`
	Remove incidentRemoveCommand `cmd:"" help:"Remove an incident: its time is learned from, and its marks hold, again."`
}

// Help says what follows from an incident.
func (incidentCommand) Help() string {
	return `Pushback learns from history how much a signal varies without a change. A time in
which something was broken would teach it that bad values are normal, and hide bad
changes. Times affected by bad changes are left out already; name other incidents
here. Profiles that have learned from such a time are learned again. Versions that
turned bad in it are no longer marked bad, unless rolling them back helped.

Examples:

  pushback incident --from 2026-11-20T10:00:00Z --to 2026-11-20T11:30:00Z --service cart --why "the cable"
  pushback incident --from 2h --open --why "still going on"
  pushback incident end i4
  pushback incident list
  pushback incident remove i3`
}

type incidentNoteCommand struct {
	serverFlags
	From        moment `required:"" placeholder:"TIME" help:"When it began: 2026-11-20T10:00:00Z, 2026-11-20 (midnight UTC), or how long ago, as in 3h."`
	To          moment `placeholder:"TIME" help:"When it ended; by default now."`
	Open        bool   `help:"It goes on, until \"pushback incident end\"."`
	Service     string `help:"Service whose history is affected; by default all."`
	Environment string `help:"Only in this environment."`
	Why         string `help:"Why, for the journal."`
	As          string `help:"Who notes it; by default the user of this shell."`
}

// Help shows both forms of a time.
func (incidentNoteCommand) Help() string {
	return `Examples:

  pushback incident note --from 2026-11-20T10:00:00Z --to 2026-11-20T11:30:00Z --service cart --why "the cable"
  pushback incident --from 2h --open --why "still going on"`
}

// Run notes the incident.
func (i incidentNoteCommand) Run(ctx context.Context, out terminal) error {
	c, err := i.client()
	if err != nil {
		return err
	}
	ask := api.NewIncident{
		Service: i.Service, Environment: i.Environment, From: time.Time(i.From), To: time.Time(i.To),
		Why: i.Why, Actor: deciderFlags{As: i.As}.actor(), Open: i.Open,
	}
	var noted api.Incident
	if err := c.call(ctx, http.MethodPost, "/v1/incidents", ask, &noted); err != nil {
		return err
	}
	if i.JSON {
		return out.printJSON(noted)
	}
	_, err = fmt.Fprintf(out, "%s: profiles are learned without %s\n  pushback incident remove %s\n", out.paint(styleStrong, noted.ID), describeIncident(noted), noted.ID)
	return err
}

// describeIncident says which time of which services is left out.
func describeIncident(i api.Incident) string {
	whose := "all services"
	if i.Service != "" {
		whose = i.Service
	}
	if i.Environment != "" {
		whose += " in " + i.Environment
	}
	if i.To.IsZero() {
		return fmt.Sprintf("%s to now, which goes on, of %s", i.From.UTC().Format(time.RFC3339), whose)
	}
	return fmt.Sprintf("%s to %s of %s", i.From.UTC().Format(time.RFC3339), i.To.UTC().Format(time.RFC3339), whose)
}

type incidentEndCommand struct {
	serverFlags
	ID string `arg:"" help:"The incident, as list shows it: i3."`
	To moment `placeholder:"TIME" help:"When it was over; by default now."`
	As string `help:"Who ends it; by default the user of this shell."`
}

// Help shows both forms.
func (incidentEndCommand) Help() string {
	return `What turned bad in the incident is cleared, and what happens from its end on is learned
from again.

Examples:

  pushback incident end i3
  pushback incident end i3 --to 10m`
}

// Run ends the incident.
func (e incidentEndCommand) Run(ctx context.Context, out terminal) error {
	c, err := e.client()
	if err != nil {
		return err
	}
	var ended api.Incident
	said := api.IncidentEnd{To: time.Time(e.To), Actor: deciderFlags{As: e.As}.actor()}
	if err := c.call(ctx, http.MethodPost, "/v1/incidents/"+pathSegment(e.ID)+"/end", said, &ended); err != nil {
		return err
	}
	if e.JSON {
		return out.printJSON(ended)
	}
	_, err = fmt.Fprintf(out, "%s has ended: %s\n", ended.ID, describeIncident(ended))
	return err
}

type incidentListCommand struct{ serverFlags }

// Help shows how to find the incidents of one service.
func (incidentListCommand) Help() string {
	return `Examples:

  pushback incident list
  pushback incident list --json | jq '.incidents[] | select(.service == "cart")'`
}

// Run lists the incidents.
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
		fmt.Fprintln(out, "no incidents: profiles learn from all times that no bad change affected")
	}
	for _, i := range all.Incidents {
		fmt.Fprintf(out, "%s  %s, by %s", out.paint(styleStrong, i.ID), describeIncident(i), i.Actor)
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
	As string `help:"Who removes it; by default the user of this shell."`
}

// Help shows where the ID comes from.
func (incidentRemoveCommand) Help() string {
	return `Example:

  pushback incident list
  pushback incident remove i3`
}

// Run removes the incident.
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
	_, err = fmt.Fprintf(out, "%s: profiles are learned with %s again\n", removed.ID, describeIncident(removed))
	return err
}
