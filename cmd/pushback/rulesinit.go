package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	httpconfig "github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/readiness"
	"github.com/pushback/pushback/internal/survey"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/prometheus"
)

// rulesInitCommand makes a first configuration and a first rule file.
type rulesInitCommand struct {
	Prometheus string `placeholder:"URL" env:"PUSHBACK_PROMETHEUS" help:"URL of the metric store to survey; asked for on a terminal (${env})."`
	Probe      string `placeholder:"URL" help:"Instead of a metric store, probe this page: for a service without metrics."`
	Service    string `placeholder:"NAME" help:"With --probe: the service that the page belongs to."`
	Dir        string `default:"." type:"path" placeholder:"FOLDER" help:"Write pushback.yml and rules/ here (default ${default})."`
	Team       string `default:"platform" placeholder:"NAME" help:"Team of the rules (default ${default})."`

	Environment string `default:"production" placeholder:"NAME" help:"Environment of the changes that the rules watch (default ${default})."`

	Moments int  `default:"60" placeholder:"N" help:"How many moments of the last day to try the rules at (default ${default}; 0: none)."`
	Force   bool `help:"Overwrite what is there."`
	JSON    bool `help:"Write JSON, for programs."`
}

// Help says what is written.
func (rulesInitCommand) Help() string {
	return `Asks the metric store which services it knows and what their metrics are called:
those of some eighty libraries, frameworks, proxies and exporters are recognised
(pushback rules library lists the rules that read them), others are guessed by the
form of their names, and every scraped job is listed. Writes pushback.yml with a
catalogue of these services, rules/start.yml with those rules of the library that
find data, and token with the API token. Where a service counts its requests in two
ways, a terminal is asked which to read. Then replays the rules at random moments of
the last day. Existing files are overwritten only with --force, the token never.

Examples:

  pushback rules init
  pushback rules init --prometheus http://prometheus:9090 --dir pushback --team shop
  pushback rules init --probe https://shop.example/ --service shop     # no metrics yet`
}

// initAnswer is what --json writes.
type initAnswer struct {
	Files    []string      `json:"files"`
	Services []initService `json:"services"`
	Rules    []string      `json:"rules"` // of the library

	Ready   []readiness.Signal `json:"ready"` // from when on each signal of the first services can be judged
	LastDay *lastDay           `json:"last_day,omitempty"`
}

// initService is a service, by what it is recognised, and what the written rules see of it.
type initService struct {
	survey.Service
	Coverage *survey.Coverage `json:"coverage,omitempty"` // of the first services alone: rules coverage has all
}

// Run surveys the metric store, writes the files, and replays the written rules.
func (r rulesInitCommand) Run(ctx context.Context, out terminal) error {
	if err := r.checkFlags(); err != nil {
		return err
	}
	if r.Probe != "" {
		return r.initProbe(ctx, out)
	}
	address, err := r.address(os.Stdin, os.Stderr)
	if err != nil {
		return err
	}
	found, err := surveyStore(ctx, address, newSteps(os.Stderr))
	if err != nil {
		return err
	}
	header := survey.Header{URL: address, Team: r.Team, Environment: r.Environment, At: time.Now()}
	unclear, names := found.Ambiguities(), found.Readable()
	header.Choices = choose(unclear, os.Stdin, os.Stderr)
	answer := initAnswer{Rules: found.Libraries()}
	if answer.Files, err = r.write(found, header); err != nil {
		return err
	}
	if err = answer.cover(ctx, r, found.Services, names); err != nil {
		return fmt.Errorf("asking what the rules see: %w", err)
	}
	if !r.JSON {
		answer.print(out)
		printAmbiguities(out, unclear, header.Choices)
	}
	if len(names) == 0 {
		return answer.withoutRules(out, r)
	}
	return r.replay(ctx, out, answer, names)
}

// replay tries the written rules over the last day, and ends with what to type now.
func (r rulesInitCommand) replay(ctx context.Context, out terminal, answer initAnswer, names []string) (err error) {
	if answer.LastDay, err = tryLastDay(ctx, r.configuration(), names, r.Moments); err != nil {
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

// mostReady is of how many services the history is read at the start; doctor reads that of more.
const mostReady = 20

// cover asks what the written rules see of the services, and from when on it can be judged.
// names are those services that a rule can see.
func (a *initAnswer) cover(ctx context.Context, r rulesInitCommand, services []survey.Service, names []string) (err error) {
	a.Ready = []readiness.Signal{}
	for _, s := range services {
		a.Services = append(a.Services, initService{Service: s})
	}
	if len(names) == 0 {
		return nil
	}
	past, set, err := openWritten(ctx, r.configuration())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, past.close()) }()
	options := coverageOptions(past, set, r.Environment)
	coverage, err := coverageOf(ctx, options, past, names[:min(len(names), mostCovered)])
	for i, c := range coverage {
		if at := slices.IndexFunc(a.Services, func(s initService) bool { return s.Name == c.Service }); at >= 0 {
			a.Services[at].Coverage = &coverage[i]
		}
	}
	if err != nil {
		return err
	}
	return a.readiness(ctx, past, options, coverage[:min(len(coverage), mostReady)])
}

// readiness asks from when on what is covered can be judged.
func (a *initAnswer) readiness(ctx context.Context, p *past, o survey.Options, covered []survey.Coverage) error {
	for _, c := range covered {
		s, err := p.options.Service(ctx, c.Service, o.At)
		if err != nil {
			return fmt.Errorf("finding %s: %w", c.Service, err)
		}
		signals, err := readinessOf(ctx, o, s, c)
		if err != nil {
			return err
		}
		a.Ready = append(a.Ready, signals...)
	}
	return nil
}

// withoutRules ends where no metric was recognised: the file has proposals alone.
func (a initAnswer) withoutRules(out terminal, r rulesInitCommand) error {
	if r.JSON {
		return out.printJSON(a)
	}
	_, err := fmt.Fprintf(out, "\nno metric was recognised, so that there is no rule yet: write one into %s\n  hint: docs/rules.md says how; pushback rules library shows rules to copy\n", shown(r.rules()))
	return err
}

// next is the heading over what to type now, and the way into the folder of the files.
func (r rulesInitCommand) next() string {
	if dir := shown(r.Dir); dir != "." {
		return "\nnext:\n  cd " + dir + "\n"
	}
	return "\nnext:\n"
}

// nextSteps shows what to type now.
func (r rulesInitCommand) nextSteps() string {
	return r.next() + `  pushback doctor                        # looks at everything, and says what to do next
  pushback serve                         # shows verdicts on http://127.0.0.1:8484
  pushback deploy --token-file token --service S --environment ` + r.Environment + ` --version V
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
	if err := sources.CheckEnvironment(r.Environment); err != nil || r.Environment == "" {
		return usageError(errors.New("--environment must be the name that your deploys report, such as production"))
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

func surveyStore(ctx context.Context, address string, say func(string)) (survey.Survey, error) {
	store, err := prometheus.New(metrics.Options{Name: "prometheus"}, prometheus.Config{URL: address, HTTP: httpconfig.DefaultHTTPClientConfig})
	if err != nil {
		return survey.Survey{}, usageError(err)
	}
	defer store.Close()
	found, err := survey.Scan(ctx, store, time.Now(), say)
	if errors.Is(err, survey.ErrNothing) {
		return found, fmt.Errorf("%w\n  hint: docs/library.md lists the names that are known; pushback rules library shows rules to copy and change", err)
	}
	if err != nil {
		err = fmt.Errorf("%w\n  hint: is there a metric store at %s?", err, address)
	}
	return found, err
}
