package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	httpconfig "github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/survey"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/prometheus"
)

// rulesInitCommand makes a first configuration and a first rule file.
type rulesInitCommand struct {
	Prometheus string `placeholder:"URL" env:"PUSHBACK_PROMETHEUS" help:"URL of the metric store to survey; asked for on a terminal (${env})."`
	Dir        string `default:"." type:"path" placeholder:"FOLDER" help:"Write pushback.yml and rules/ here (default ${default})."`
	Team       string `default:"platform" placeholder:"NAME" help:"Team of the rules (default ${default})."`
	Moments    int    `default:"60" placeholder:"N" help:"How many moments of the last day to try the rules at (default ${default}; 0: none)."`
	Force      bool   `help:"Overwrite what is there."`
	JSON       bool   `help:"Write JSON, for programs."`
}

// Help says what is written.
func (rulesInitCommand) Help() string {
	return `Asks the metric store which services it knows and what their metrics are called
(Prometheus's client libraries, OpenTelemetry, Istio, Micrometer, gRPC, Kafka, …;
classic and native histograms). Writes pushback.yml with a catalogue of these
services, rules/start.yml with those rules of the library that find data, and
token with the API token. Then replays the rules at random moments of the last
day. Existing files are overwritten only with --force, the token never.

Examples:

  pushback rules init
  pushback rules init --prometheus http://prometheus:9090 --dir pushback --team shop`
}

// initAnswer is what --json writes.
type initAnswer struct {
	Files    []string       `json:"files"`
	Services []string       `json:"services"`
	Rules    []string       `json:"rules"` // of the library
	Found    []survey.Found `json:"found"`
	LastDay  *lastDay       `json:"last_day,omitempty"`

	Warnings []rules.Diagnostic `json:"warnings,omitempty"` // signals with data that cannot be judged
}

// Run surveys the metric store, writes the files, and replays the written rules.
func (r rulesInitCommand) Run(ctx context.Context, out terminal) error {
	if err := r.checkFlags(); err != nil {
		return err
	}
	address, err := r.address(os.Stdin, os.Stderr)
	if err != nil {
		return err
	}
	found, err := surveyStore(ctx, address)
	if err != nil {
		return err
	}
	answer := initAnswer{Services: found.Services(), Rules: found.Libraries(), Found: found.Found}
	if answer.Files, err = r.write(found, survey.Header{URL: address, Team: r.Team, At: time.Now()}); err != nil {
		return err
	}
	if answer.Warnings, err = startWarnings(ctx, r.configuration(), answer.Services); err != nil {
		return fmt.Errorf("asking what the rules see: %w", err)
	}
	if !r.JSON {
		answer.print(out)
	}
	if answer.LastDay, err = tryLastDay(ctx, r.configuration(), answer.Services, r.Moments); err != nil {
		return fmt.Errorf("replaying the rules over the last day: %w", err)
	}
	if r.JSON {
		return out.printJSON(answer)
	}
	if err := answer.LastDay.print(out); err != nil {
		return err
	}
	_, err = io.WriteString(out, r.nextSteps())
	return err
}

// mostCovered is how many services the rules are asked about at the start. Each costs some
// queries; rules coverage asks about all.
const mostCovered = 50

// startWarnings say which signals of the written rules have data and cannot be judged.
func startWarnings(ctx context.Context, file string, services []string) (warnings []rules.Diagnostic, err error) {
	past, set, err := openWritten(ctx, file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, past.close()) }()
	return onlineWarnings(ctx, past, set, services[:min(len(services), mostCovered)])
}

// nextSteps shows what to type now.
func (r rulesInitCommand) nextSteps() string {
	next := "\nnext:\n"
	if dir := shown(r.Dir); dir != "." {
		next += "  cd " + dir + "\n"
	}
	return next + `  pushback rules coverage                # which services no rule finds data for
  pushback serve                         # shows verdicts on http://127.0.0.1:8484
  pushback deploy --token-file token --service S --environment production --version V
`
}

var teamName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,63}$`)

// checkTeam checks the flag --team of commands that write rules.
func checkTeam(name string) error {
	if teamName.MatchString(name) {
		return nil
	}
	return usageError(errors.New("--team must be a name of letters, digits, dots, dashes and underscores that begins with a letter"))
}

// checkFlags finds mistakes in the flags before a person or the metric store is asked.
func (r rulesInitCommand) checkFlags() error {
	if err := checkTeam(r.Team); err != nil {
		return err
	}
	if r.Moments < 0 || r.Moments > 10_000 {
		return usageError(errors.New("--moments must be from 0 to 10000"))
	}
	for _, file := range []string{r.configuration(), r.rules()} {
		if _, err := os.Lstat(file); err == nil && !r.Force {
			return usageError(fmt.Errorf("%s exists already\n  hint: --force overwrites it, --dir writes elsewhere", file))
		}
	}
	return nil
}

func (r rulesInitCommand) configuration() string { return filepath.Join(r.Dir, "pushback.yml") }
func (r rulesInitCommand) rules() string         { return filepath.Join(r.Dir, "rules", "start.yml") }
func (r rulesInitCommand) token() string         { return filepath.Join(r.Dir, "token") }

// address is the metric store's URL. On a terminal it asks for it.
func (r rulesInitCommand) address(in *os.File, ask io.Writer) (string, error) {
	address := r.Prometheus
	if address == "" {
		if address = prompt("URL of Prometheus", "http://127.0.0.1:9090", in, ask); address == "" {
			return "", usageError(errors.New("no metric store is named\n  hint: --prometheus http://prometheus:9090"))
		}
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", usageError(errors.New("the URL of the metric store must be http://host:port or https://host:port, with a path if it has one"))
	case u.User != nil:
		return "", usageError(errors.New("the URL contains a user or a password, which would be written into pushback.yml\n  hint: leave it out, and then add basic_auth: {username: …, password_file: …} to the store"))
	}
	return strings.TrimSuffix(address, "/"), nil
}

// prompt asks a person on a terminal; an empty answer means otherwise. It returns ""
// where in is no terminal, and at the end of the input.
func prompt(what, otherwise string, in *os.File, ask io.Writer) string {
	if !isTerminal(in) {
		return ""
	}
	fmt.Fprintf(ask, "%s [%s]: ", what, otherwise)
	line, err := bufio.NewReader(io.LimitReader(in, 4<<10)).ReadString('\n')
	if err != nil {
		fmt.Fprintln(ask)
		return ""
	}
	return cmp.Or(strings.TrimSpace(line), otherwise)
}

func surveyStore(ctx context.Context, address string) (survey.Survey, error) {
	store, err := prometheus.New(metrics.Options{Name: "prometheus"}, prometheus.Config{URL: address, HTTP: httpconfig.DefaultHTTPClientConfig})
	if err != nil {
		return survey.Survey{}, usageError(err)
	}
	defer store.Close()
	found, err := survey.Scan(ctx, store, time.Now())
	if errors.Is(err, survey.ErrNothing) {
		return found, fmt.Errorf("%w\n  hint: docs/library.md lists the names that are known; pushback rules library shows rules to copy and change", err)
	}
	if err != nil {
		err = fmt.Errorf("%w\n  hint: is there a metric store at %s?", err, address)
	}
	return found, err
}

// write writes the files and returns their names.
func (r rulesInitCommand) write(found survey.Survey, w survey.Header) ([]string, error) {
	if err := os.MkdirAll(filepath.Dir(r.rules()), 0o755); err != nil { //nolint:gosec // everybody may read rules
		return nil, fmt.Errorf("writing the files: %w", err)
	}
	files := []string{r.configuration(), r.rules()}
	for i, text := range []string{found.Configuration(w), found.Rules(w)} {
		if err := r.writeFile(files[i], text); err != nil {
			return nil, fmt.Errorf("writing the files: %w", err)
		}
	}
	made, err := r.createToken()
	if err != nil {
		return nil, fmt.Errorf("writing the token: %w", err)
	}
	if made {
		files = append(files, r.token())
	}
	return files, nil
}

// createToken writes a new API token. It keeps an existing one, because pipelines may
// use it.
func (r rulesInitCommand) createToken() (made bool, err error) {
	f, err := os.OpenFile(r.token(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = fmt.Fprintln(f, rand.Text())
	return true, errors.Join(err, f.Close())
}

// writeFile creates a file; with --force it overwrites an existing one.
func (r rulesInitCommand) writeFile(name, text string) error {
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if r.Force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, how, 0o644) //nolint:gosec // as above
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func (a initAnswer) print(out terminal) {
	fmt.Fprintf(out, "found %s:\n", counted(len(a.Services), "service"))
	width := 0
	for _, f := range a.Found {
		width = max(width, len(f.Metric+f.By)+len(" ()"))
	}
	for _, f := range a.Found {
		fmt.Fprintf(out, "  %-*s  %s\n", width, f.Metric+" ("+f.By+")", firstNames(f.Services))
	}
	for _, file := range a.Files {
		fmt.Fprintf(out, "wrote %s\n", shown(file))
	}
	for _, d := range a.Warnings {
		fmt.Fprintln(out, out.paint(styleDoubt, d.String()))
	}
}

// firstNames shows at most four names, and how many more there are.
func firstNames(names []string) string {
	const few = 4
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(slices.Clip(names[:few]), ", "), len(names)-few)
}
