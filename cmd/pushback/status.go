package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

type statusCommand struct {
	serverFlags
	Service     string `help:"Only this service."`
	Environment string `help:"Only this environment."`
	Limit       int    `default:"20" help:"How many changes."`
}

// Help shows how to filter the list.
func (statusCommand) Help() string {
	return `Examples:

  pushback status
  pushback status --service cart --json`
}

// statusAnswer is what --json writes.
type statusAnswer struct {
	Status  api.Status          `json:"status"`
	Changes []api.ChangeSummary `json:"changes"`
}

// Run shows the daemon's status, the newest changes, and the orders that wait for a
// person.
func (s statusCommand) Run(ctx context.Context, out terminal) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	var answer statusAnswer
	if err := c.call(ctx, http.MethodGet, "/v1/status", nil, &answer.Status); err != nil {
		return err
	}
	var page api.Changes
	if err := c.call(ctx, http.MethodGet, "/v1/changes?"+s.query().Encode(), nil, &page); err != nil {
		return err
	}
	if answer.Changes = page.Changes; s.JSON {
		return out.printJSON(answer)
	}
	printStatus(out, answer.Status)
	return printChanges(out, answer.Changes)
}

func (s statusCommand) query() url.Values {
	q := url.Values{"limit": {strconv.Itoa(s.Limit)}}
	if s.Service != "" {
		q.Set("service", s.Service)
	}
	if s.Environment != "" {
		q.Set("environment", s.Environment)
	}
	return q
}

func printStatus(out terminal, s api.Status) {
	fmt.Fprintf(out, "pushback %s: %d watching, %s open\n", s.Version, s.Watches, counted(s.Orders, "order"))
	printReplicas(out, s)
	printStorage(out, s.Storage)
	if s.Frozen {
		fmt.Fprintln(out, out.paint(styleDoubt, "frozen: "+s.FrozenBy))
	}
	for _, h := range s.Holds {
		fmt.Fprintf(out, "%s by %s: %s\n  pushback release %s\n", out.paint(styleDoubt, h.ID+" holds "+describeHold(h)), h.Actor, h.Why, h.ID)
	}
	for _, d := range s.Waiting {
		fmt.Fprintf(out, "%s %s of %s %s to %s, for a healthy verdict in %s until %s\n",
			out.paint(styleDoubt, "held back:"), d.What, d.Service, d.Version, d.Environment, d.WaitsFor, d.Until.UTC().Format(time.DateTime+" UTC"))
		if d.Error != "" {
			fmt.Fprintf(out, "  not answered yet: %s\n", d.Error)
		}
	}
	for _, p := range s.Problems {
		fmt.Fprintln(out, out.paint(styleBad, p.Component+": "+p.Detail))
	}
	printUnknown(out, s.Unknown)
	for _, o := range s.Proposed {
		fmt.Fprintf(out, "%s %s %s back to %s\n  pushback approve %s | pushback reject %s --why …\n",
			out.paint(styleDoubt, "waits for a person:"), o.Change.Service, o.Change.What(), o.Target, o.Key, o.Key)
	}
	for _, o := range s.UnderWay {
		fmt.Fprintf(out, "%s %s %s back to %s through hook %s\n", out.paint(styleDoubt, underWay(o)+":"), o.Change.Service, o.Change.Version, o.Target, o.Hook)
	}
}

// shownUnknown is how many unknown services the status names; --json has all.
const shownUnknown = 10

// printUnknown writes the services that events named and that the catalogue does not know.
func printUnknown(out terminal, all []api.UnknownService) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(out, out.paint(styleDoubt, "unknown services: the catalogue does not have what these events are about"))
	for _, u := range all[:min(len(all), shownUnknown)] {
		line := fmt.Sprintf("  %s from %s: %s since %s", u.Service, u.Source, counted(u.Events, "event"), u.Since.Local().Format(time.DateTime))
		if u.Nearest != "" {
			line += "; nearest: " + u.Nearest
		}
		fmt.Fprintln(out, line)
	}
	if more := len(all) - shownUnknown; more > 0 {
		fmt.Fprintf(out, "  and %d more: pushback status --json\n", more)
	}
}

// underWay says how far an order has come that no person is asked about.
func underWay(o api.Order) string {
	text := o.State
	switch {
	case o.Receipt != nil && o.Receipt.Status != "":
		text += ", " + o.Receipt.Status
	case o.Why != "":
		text += ", " + o.Why
	}
	return text
}

// largestKinds is how many kinds of things the status names; --json has all.
const largestKinds = 4

// printStorage writes how large the database is, how it grows and what the next night
// deletes.
func printStorage(out terminal, s api.Storage) {
	line := "database: " + megabytes(s.Bytes)
	if s.Free > s.Bytes/10 {
		line += ", of which " + megabytes(s.Free) + " are free"
	}
	if s.GrowthPerDay != 0 {
		line += fmt.Sprintf(", %+.1f MB a day", float64(s.GrowthPerDay)/1e6)
	}
	for i, k := range s.Kinds[:min(len(s.Kinds), largestKinds)] {
		line += []string{": ", ", "}[min(i, 1)] + k.Kind + " " + megabytes(k.Bytes)
	}
	fmt.Fprintln(out, line)
	if s.NextChanges+s.NextEntries > 0 {
		fmt.Fprintf(out, "the next night deletes %s and %s of the journal that are older than the retention\n",
			counted(int(s.NextChanges), "change"), entries(s.NextEntries))
	}
	if s.Free > s.Bytes/2 && s.Free > 100e6 && !s.GivesBack {
		fmt.Fprintln(out, out.paint(styleDoubt, "the database's file keeps its free space: VACUUM it once, see docs/sizes.md"))
	}
}

func entries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

func megabytes(n int64) string {
	if n >= 1e10 {
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// printReplicas writes a line for each replica where there are several, and for one that
// has ended without stopping.
func printReplicas(out terminal, s api.Status) {
	if len(s.Replicas) == 1 && s.Replicas[0].Alive {
		return
	}
	for _, r := range s.Replicas {
		line := fmt.Sprintf("replica %s: since %s, watching %d", r.Name, r.Started.Local().Format(time.DateTime), r.Watches)
		if !r.Alive {
			line = out.paint(styleDoubt, fmt.Sprintf("replica %s: dead, last seen %s; the others have taken over", r.Name, r.Seen.Local().Format(time.DateTime)))
		} else if r.Name == s.Replica {
			line += " (answers)"
		}
		fmt.Fprintln(out, line)
	}
}

// printChanges writes one line per change. The coloured column is the last one,
// because a tabwriter counts the bytes of a colour as width.
func printChanges(out terminal, changes []api.ChangeSummary) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tSTARTED\tSERVICE\tENVIRONMENT\tVERSION\tORDER\tGRADE\tSTATE")
	for _, c := range changes {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.Key, c.StartedAt.Local().Format(time.DateTime),
			c.Service, c.Environment, c.What(), orDash(c.Order), c.Grade, out.paint(stateStyle(c.State), c.State))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, c := range changes {
		if c.Instances != "" {
			fmt.Fprintf(out, "%s %s: %s\n", c.Service, c.What(), c.Instances)
		}
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// pathSegment escapes what a person typed for use in a URL path.
func pathSegment(s string) string { return url.PathEscape(s) }
