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

	"github.com/pushback/pushback/sources/metrics"

	httpconfig "github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/survey"
	"github.com/pushback/pushback/sources/metrics/prometheus"
)

// rulesInitCommand makes a first configuration and a first rule file.
type rulesInitCommand struct {
	Prometheus string `placeholder:"URL" env:"PUSHBACK_PROMETHEUS" help:"Metric store to look at; asked for on a terminal (${env})."`
	Dir        string `default:"." type:"path" placeholder:"FOLDER" help:"Write pushback.yml and rules/ here (default ${default})."`
	Team       string `default:"platform" placeholder:"NAME" help:"Team of the rules (default ${default})."`
	Moments    int    `default:"60" placeholder:"N" help:"How many moments of the last day to try the rules at (default ${default}; 0: none)."`
	Force      bool   `help:"Overwrite what is there."`
	JSON       bool   `help:"Write JSON, for programs."`
}

// Help says what comes of it.
func (rulesInitCommand) Help() string {
	return `Looks at which services the metric store knows and by which names their metrics
go (Prometheus's client libraries, OpenTelemetry, Istio, Micrometer, grpc, Kafka,
…; classic and native histograms), writes pushback.yml with a catalogue of these
services, rules/start.yml with the rules of the library that have something to
read, and token, which the API asks for; and tries the rules at random moments of
the last day. Nothing is overwritten without --force, and the token not even then.

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
}

// Run looks, writes, and tries what was written.
func (r rulesInitCommand) Run(ctx context.Context, out terminal) error {
	if err := r.check(); err != nil {
		return err
	}
	address, err := r.address(os.Stdin, os.Stderr)
	if err != nil {
		return err
	}
	found, err := look(ctx, address)
	if err != nil {
		return err
	}
	answer := initAnswer{Services: found.Services(), Rules: found.Libraries(), Found: found.Found}
	if answer.Files, err = r.write(found, survey.Written{URL: address, Team: r.Team, At: time.Now()}); err != nil {
		return err
	}
	if !r.JSON {
		answer.print(out)
	}
	if answer.LastDay, err = tryLastDay(ctx, r.configuration(), answer.Services, r.Moments); err != nil {
		return fmt.Errorf("trying the rules: %w", err)
	}
	if r.JSON {
		return out.printJSON(answer)
	}
	if err := answer.LastDay.print(out); err != nil {
		return err
	}
	_, err = io.WriteString(out, r.next())
	return err
}

// next is what to type now, in the folder that was written.
func (r rulesInitCommand) next() string {
	next := "\nnext:\n"
	if dir := shown(r.Dir); dir != "." {
		next += "  cd " + dir + "\n"
	}
	return next + `  pushback rules coverage                # which services these rules cannot see
  pushback serve                         # verdicts stand on http://127.0.0.1:8484
  pushback deploy --token-file token --service S --environment production --version V
`
}

var teamName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,63}$`)

// check refuses what would fail after everybody was asked.
func (r rulesInitCommand) check() error {
	if !teamName.MatchString(r.Team) {
		return usageError(errors.New("--team is a name of letters, digits, dots, dashes and underscores"))
	}
	if r.Moments < 0 || r.Moments > 10_000 {
		return usageError(errors.New("--moments must be from 0 to 10000"))
	}
	for _, file := range []string{r.configuration(), r.rules()} {
		if _, err := os.Lstat(file); err == nil && !r.Force {
			return usageError(fmt.Errorf("%s is there already\n  hint: --force overwrites it, --dir writes elsewhere", file))
		}
	}
	return nil
}

func (r rulesInitCommand) configuration() string { return filepath.Join(r.Dir, "pushback.yml") }
func (r rulesInitCommand) rules() string         { return filepath.Join(r.Dir, "rules", "start.yml") }
func (r rulesInitCommand) token() string         { return filepath.Join(r.Dir, "token") }

// address is the store's URL, asked for where a person sits.
func (r rulesInitCommand) address(in *os.File, ask io.Writer) (string, error) {
	address := r.Prometheus
	if address == "" {
		if address = askFor("URL of Prometheus", "http://127.0.0.1:9090", in, ask); address == "" {
			return "", usageError(errors.New("say which metric store to look at: --prometheus http://prometheus:9090"))
		}
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", usageError(errors.New("the URL of the metric store is http://host:port, with a path where there is one"))
	case u.User != nil:
		return "", usageError(errors.New("the URL holds a password, which would stand in pushback.yml\n  hint: start without, and add basic_auth: {username: …, password_file: …} to the store"))
	}
	return strings.TrimSuffix(address, "/"), nil
}

// askFor asks a person; without one, or an end of input instead of an answer,
// it gives nothing.
func askFor(what, otherwise string, in *os.File, ask io.Writer) string {
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

func look(ctx context.Context, address string) (survey.Survey, error) {
	store, err := prometheus.New(metrics.Options{Name: "prometheus"}, prometheus.Config{URL: address, HTTP: httpconfig.DefaultHTTPClientConfig})
	if err != nil {
		return survey.Survey{}, usageError(err)
	}
	defer store.Close()
	found, err := survey.Look(ctx, store, time.Now())
	if errors.Is(err, survey.ErrNothing) {
		return found, fmt.Errorf("%w\n  hint: docs/library.md lists the names; pushback rules library shows the rules, to be copied and changed", err)
	}
	if err != nil {
		err = fmt.Errorf("%w\n  hint: is there a metric store at %s?", err, address)
	}
	return found, err
}

// write writes the files, and gives their names.
func (r rulesInitCommand) write(found survey.Survey, w survey.Written) ([]string, error) {
	if err := os.MkdirAll(filepath.Dir(r.rules()), 0o755); err != nil { //nolint:gosec // rules are for everybody to read
		return nil, fmt.Errorf("writing the files: %w", err)
	}
	files := []string{r.configuration(), r.rules()}
	for i, text := range []string{found.Configuration(w), found.Rules(w)} {
		if err := r.writeFile(files[i], text); err != nil {
			return nil, fmt.Errorf("writing the files: %w", err)
		}
	}
	made, err := r.makeToken()
	if err != nil {
		return nil, fmt.Errorf("writing the token: %w", err)
	}
	if made {
		files = append(files, r.token())
	}
	return files, nil
}

// makeToken makes the API's token. One that is there is left alone: pipelines
// may hold it.
func (r rulesInitCommand) makeToken() (made bool, err error) {
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

// writeFile makes a file that was not there; with --force it may have been.
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
		fmt.Fprintf(out, "  %-*s  %s\n", width, f.Metric+" ("+f.By+")", fewOf(f.Services))
	}
	for _, file := range a.Files {
		fmt.Fprintf(out, "wrote %s\n", shown(file))
	}
}

// fewOf shows a few names and how many more there are.
func fewOf(names []string) string {
	const few = 4
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(slices.Clip(names[:few]), ", "), len(names)-few)
}
