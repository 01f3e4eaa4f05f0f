package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pushback/pushback/internal/boundedfile"
	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

type sourcesTryCommand struct {
	configFlag
	Name    string   `arg:"" help:"Name of the source in pushback.yml."`
	Payload string   `arg:"" help:"File with the body as the tool sends it; - for standard input."`
	Header  []string `placeholder:"NAME:VALUE" help:"A header of the delivery, for tools that say by one what happened: --header 'X-GitHub-Event: deployment'."`
	JSON    bool     `help:"Write JSON, for programs."`
}

// Help says what is shown.
func (sourcesTryCommand) Help() string {
	return `Reads the body as the daemon would, and shows for each event which expression or default
gave which field, what is missing, and what may be mistyped. Needs no signature and no
running daemon, and stores nothing.

Exit code 1 when the daemon would refuse the body.

Examples:

  pushback sources try builds payload.json
  pushback sources try github payload.json --header 'X-GitHub-Event: deployment_status'
  curl -s https://ci.example.org/builds/17 | pushback sources try builds - --json`
}

// triedSource is what sources try --json writes.
type triedSource struct {
	Source   string           `json:"source"`
	Kind     string           `json:"kind"`
	Outcome  string           `json:"outcome"` // accepted, ignored or refused
	Reason   string           `json:"reason,omitempty"`
	Events   []sources.Event  `json:"events"`
	Origins  []changes.Origin `json:"origins"` // where the fields come from, for kinds that are mapped
	Warnings []string         `json:"warnings"`
}

// maxPayload is how much of a payload is read: what the daemon takes, and one byte more.
const maxPayload = 1<<20 + 1

// Run reads one body.
func (t sourcesTryCommand) Run(out terminal) error {
	c, err := t.load()
	if err != nil {
		return err
	}
	a, known := c.Sources[t.Name]
	if !known {
		return usageError(t.unknown(c))
	}
	names := catalogue.New(daemon.CatalogueConfig(c.Services), nil)
	built, mistakes := daemon.Adapters().Source(c, t.Name, func(string) changes.Options { return changes.Options{} }, slog.New(slog.DiscardHandler))
	if len(mistakes) > 0 {
		return wrongConfig(mistakes)
	}
	h, err := headers(t.Header)
	if err != nil {
		return usageError(err)
	}
	body, err := t.read()
	if err != nil {
		return usageError(err)
	}
	tried := try(built, h, body, names, a)
	if t.JSON {
		err = out.printJSON(tried)
	} else {
		err = printTried(out, tried)
	}
	if err == nil && tried.Outcome == "refused" {
		return &exitError{code: exitFailure}
	}
	return err
}

func (t sourcesTryCommand) unknown(c config.Config) error {
	var names []string
	for name := range c.Sources {
		names = append(names, name)
	}
	slices.Sort(names)
	hint := "its sources are " + strings.Join(names, ", ")
	if near := strictyaml.Nearest(t.Name, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Errorf("there is no source %q in %s\n  hint: %s", t.Name, c.File, hint)
}

func (t sourcesTryCommand) read() ([]byte, error) {
	from := io.Reader(os.Stdin)
	if t.Payload != "-" {
		f, err := boundedfile.Open(t.Payload)
		if err != nil {
			return nil, fmt.Errorf("reading the payload: %w", err)
		}
		defer f.Close()
		from = f
	}
	body, err := io.ReadAll(io.LimitReader(from, maxPayload))
	if err == nil && len(body) == maxPayload {
		err = errors.New("the payload is larger than 1 MiB, and the daemon would refuse it")
	}
	return body, err
}

func headers(written []string) (http.Header, error) {
	h := http.Header{}
	for _, one := range written {
		name, value, is := strings.Cut(one, ":")
		if !is || strings.TrimSpace(name) == "" {
			return nil, errors.New("--header needs a name and a value, as in --header 'X-GitHub-Event: deployment'")
		}
		h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return h, nil
}

// try reads a body by an adapter, and admits its events as the daemon does.
func try(built any, h http.Header, body []byte, names *catalogue.Catalogue, a config.Source) triedSource {
	t := triedSource{Source: a.Name, Kind: a.Kind, Outcome: "accepted", Events: []sources.Event{}, Origins: []changes.Origin{}, Warnings: []string{}}
	reader, can := built.(changes.Parser)
	if !can {
		t.Outcome, t.Reason = "refused", "a source of this kind is sent nothing: it fetches its changes itself"
		return t
	}
	events, err := reader.Parse(h, body)
	if e, can := built.(changes.Explainer); can {
		origins, _ := e.Explain(h, body) // the error is the one of Parse
		t.Origins = append(t.Origins, origins...)
	}
	for _, e := range events {
		if err != nil {
			break
		}
		var admitted sources.Admitted
		e.Source = a.Name
		if admitted, err = sources.Admit(e, names.CanonicalEvent, time.Now()); err == nil {
			t.Events = append(t.Events, admitted.Event())
			t.Warnings = append(t.Warnings, doubts(admitted.Event(), names)...)
			err = mayReport(a.Services, admitted.Event().Service)
		}
	}
	t.end(err)
	return t
}

// end says what the daemon would answer.
func (t *triedSource) end(err error) {
	slices.Sort(t.Warnings)
	t.Warnings = slices.Compact(t.Warnings)
	switch {
	case errors.Is(err, changes.ErrIgnored):
		t.Outcome, t.Reason = "ignored", err.Error()
	case err != nil:
		t.Outcome, t.Reason = "refused", err.Error()
	}
}

func mayReport(globs []string, service string) error {
	plain := strings.NewReplacer("/", "\x00")
	for _, glob := range globs {
		if ok, _ := path.Match(plain.Replace(glob), plain.Replace(service)); ok {
			return nil
		}
	}
	if len(globs) == 0 {
		return nil
	}
	return fmt.Errorf("%w: add %s under this source's services in pushback.yml", changes.ErrNotAllowed, service)
}

// digest matches a version that names an image by its content.
var digest = regexp.MustCompile(`(?i)(^|@)sha256:[0-9a-f]{64}$`)

// doubts are what is valid in an event, and probably not meant.
func doubts(e sources.Event, names *catalogue.Catalogue) (all []string) {
	if known := names.InMemory(); len(known) > 0 && !slices.Contains(known, e.Service) {
		warning := fmt.Sprintf("no service %s is listed in pushback.yml", e.Service)
		if near := strictyaml.Nearest(e.Service, known); near != "" {
			warning += "; nearest: " + near
		}
		all = append(all, warning)
	}
	if digest.MatchString(e.Version) {
		all = append(all, "the version is the digest of an image, which no metric has as a label: take the tag, if the tool sends one")
	} else if strings.Contains(e.Version, "/") && strings.Contains(e.Version, ":") {
		all = append(all, `the version is the whole name of an image: take the tag alone, as in (.image | split(":") | last)`)
	}
	if age := time.Since(e.At); age > 24*time.Hour {
		all = append(all, fmt.Sprintf("it happened %d days ago: what is older than the retention is ignored", int(age.Hours()/24)))
	}
	return all
}

func printTried(out terminal, t triedSource) error {
	word := map[string]string{"accepted": out.paint(styleGood, "accepted"), "ignored": out.paint(styleDoubt, "ignored"), "refused": out.paint(styleBad, "refused")}
	fmt.Fprintf(out, "%s (%s) would be %s", t.Source, t.Kind, word[t.Outcome])
	if t.Outcome == "accepted" {
		fmt.Fprintf(out, ": %s", counted(len(t.Events), "event"))
	}
	if t.Reason != "" {
		fmt.Fprintf(out, ": %s", t.Reason)
	}
	fmt.Fprintln(out)
	if err := printOrigins(out, t.Origins); err != nil {
		return err
	}
	for i, e := range t.Events {
		if err := printEvent(out, i, e, t); err != nil {
			return err
		}
	}
	for _, w := range t.Warnings {
		fmt.Fprintf(out, "%s %s\n", out.paint(styleDoubt, "warning:"), w)
	}
	return nil
}

// printOrigins writes what each expression gave.
func printOrigins(out terminal, origins []changes.Origin) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	last := -1
	for _, o := range origins {
		if o.Event != last {
			fmt.Fprintf(w, "\nmap of change %d\tEXPRESSION\tGIVES\tREAD AS\n", o.Event+1)
			last = o.Event
		}
		value := orDash(o.Value)
		if o.Problem != "" {
			value = out.paint(styleBad, o.Problem)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", o.Field, sources.OneLine(o.From, 60), cmp.Or(sources.OneLine(o.Gave, 60), "nothing"), value)
	}
	return w.Flush()
}

// printEvent writes the fields of one event, and which of them the source left to defaults.
func printEvent(out terminal, i int, e sources.Event, t triedSource) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nevent %d of %d\t\n", i+1, len(t.Events))
	for _, f := range fieldsOf(e) {
		if f.value == "" {
			continue
		}
		note := ""
		if len(t.Origins) > 0 && !slices.ContainsFunc(t.Origins, func(o changes.Origin) bool {
			return strings.HasPrefix(o.Field, f.name) && (o.Value != "" || f.name == "labels")
		}) {
			note = "by default"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.name, f.value, note)
	}
	return w.Flush()
}

type eventField struct{ name, value string }

// fieldsOf are the fields of an event in the order in which people ask for them.
func fieldsOf(e sources.Event) []eventField {
	var labels []string
	for name, value := range e.Labels {
		labels = append(labels, name+"="+value)
	}
	slices.Sort(labels)
	sequence, reversible := "", ""
	if e.Sequence != 0 {
		sequence = fmt.Sprint(e.Sequence)
	}
	if e.Reversible != nil {
		reversible = fmt.Sprint(*e.Reversible)
	}
	return []eventField{
		{"service", e.Service},
		{"version", e.Version},
		{"environment", e.Environment},
		{"region", e.Region},
		{"kind", string(e.Kind)},
		{"group", e.Group},
		{"status", string(e.Status)},
		{"at", e.At.Format(time.RFC3339Nano)},
		{"change_id", e.ChangeID},
		{"event_id", e.EventID},
		{"sequence", sequence},
		{"previous", e.Previous},
		{"rollback_of", e.RollbackOf},
		{"reversible", reversible},
		{"actor", e.Actor},
		{"url", e.URL},
		{"riders", strings.Join(e.Riders, ", ")},
		{"labels", strings.Join(labels, ", ")},
	}
}
