package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

type hooksCommand struct {
	List hooksListCommand `cmd:"" help:"List the hooks of pushback.yml."`
	Test hooksTestCommand `cmd:"" help:"Check whether a hook could act, and show what it would do. Never acts."`
}

// Help shows the way to a hook that is known to work.
func (hooksCommand) Help() string {
	return `Examples:

  pushback hooks list
  pushback hooks test deployer --service cart --target v41`
}

type hooksListCommand struct {
	configFlag
	JSON bool `help:"Write JSON, for programs."`
}

// Help says what the columns mean.
func (hooksListCommand) Help() string {
	return `Calls no hook. IDEMPOTENT: may be sent twice under one key. TARGET: the version it
goes back to. TIMEOUT: how long one call may take.

Example:

  pushback hooks list -c pushback.yml`
}

// listedHook is one hook as --json writes it.
type listedHook struct {
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Idempotent bool   `json:"idempotent"`
	Target     string `json:"target"`
	Timeout    string `json:"timeout,omitempty"`
	Problem    string `json:"problem,omitempty"` // why it cannot be built
}

// Run lists all hooks. For one that cannot be built it shows the reason.
func (l hooksListCommand) Run(out terminal) error {
	c, err := l.load()
	if err != nil {
		return err
	}
	listed := []listedHook{}
	for _, name := range slices.Sorted(maps.Keys(c.Hooks)) {
		h := c.Hooks[name]
		one := listedHook{Name: name, Kind: h.Kind, Idempotent: h.Idempotent, Target: cmp.Or(h.Fixed, string(h.Target))}
		if built, mistakes := daemon.Adapters().Hook(c, name); len(mistakes) > 0 {
			one.Problem = problemOf(mistakes)
		} else {
			one.Timeout = built.Timeout.String()
		}
		listed = append(listed, one)
	}
	if l.JSON {
		return out.printJSON(listed)
	}
	return printHooks(out, listed)
}

// problemOf says in one line what is wrong with a hook.
func problemOf(mistakes config.Diagnostics) string {
	var all []string
	for _, m := range mistakes {
		all = append(all, m.Message)
	}
	return strings.Join(all, "; ")
}

func printHooks(out terminal, listed []listedHook) error {
	if len(listed) == 0 {
		fmt.Fprintln(out, "no hooks: nothing can be rolled back. docs/hooks.md shows every kind")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tKIND\tIDEMPOTENT\tTARGET\tTIMEOUT\tPROBLEM")
	for _, h := range listed {
		problem := "-"
		if h.Problem != "" {
			problem = out.paint(styleBad, strings.ReplaceAll(h.Problem, "\n", "; "))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", h.Name, h.Kind, yesNo(h.Idempotent), h.Target, orDash(h.Timeout), problem)
	}
	return w.Flush()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

type hooksTestCommand struct {
	configFlag
	Name        string            `arg:"" help:"Name of the hook in pushback.yml."`
	Service     string            `help:"Whose rollback to think through; without it, only what needs no change is checked."`
	Environment string            `default:"production" help:"Environment of the change (default ${default})."`
	Region      string            `help:"Region of the change."`
	ChangeKind  string            `name:"kind" enum:"deploy,config,flag,experiment" default:"deploy" help:"Kind of the change: deploy, config, flag or experiment."`
	Change      string            `default:"hooks-test" help:"The deploy tool's name for the change."`
	Version     string            `help:"The version that would be rolled back."`
	Target      string            `help:"The version to go back to; not needed for a hook that always turns a flag off."`
	Group       string            `help:"The flag, for changes of a flag ramp."`
	Label       map[string]string `help:"Labels of the change: --label flag=new-cart."`
	Timeout     time.Duration     `default:"30s" help:"How long each request may take (default ${default})."`
	JSON        bool              `help:"Write JSON, for programs."`
}

// Help says what is checked, and shows examples.
//
// See adr/0044.
func (hooksTestCommand) Help() string {
	return `Asks the other side whether the hook could act (preflight), shows what it would
send (dry run) and which version runs now (verification). Secrets are read from
the daemon's files; run it as the daemon's user. It cannot roll back: a rollback
needs an order, and an order needs a verdict.

Exit code 1 when a check fails or the dry run fails.

Examples:

  pushback hooks test cluster
  pushback hooks test cluster --service cart --version v2 --target v1
  pushback hooks test flag-off --kind flag --group new-cart --service cart --version on --target off --json`
}

// rehearsal is the result of hooks test, and what --json writes.
type rehearsal struct {
	Name       string                   `json:"name"`
	Kind       string                   `json:"kind"`
	Idempotent bool                     `json:"idempotent"`
	OK         bool                     `json:"ok"`
	Checks     []rollback.Check         `json:"preflight"`
	Preview    *rollback.Preview        `json:"dry_run,omitempty"`
	Running    *rollback.RunningVersion `json:"verify,omitempty"`
	DryRunErr  string                   `json:"dry_run_error,omitempty"`
	VerifyErr  string                   `json:"verify_error,omitempty"`
}

// Run tests one hook. Other hooks of the file may have mistakes.
func (t hooksTestCommand) Run(ctx context.Context, out terminal) error {
	c, err := t.load()
	if err != nil {
		return err
	}
	h, known := c.Hooks[t.Name]
	if !known {
		return usageError(t.unknown(c))
	}
	if t.Target == "" {
		t.Target = h.Fixed
	}
	if t.Service != "" && t.Target == "" {
		return usageError(errors.New("--target is missing: the version to go back to"))
	}
	built, mistakes := daemon.Adapters().Hook(c, t.Name)
	if len(mistakes) > 0 {
		return wrongConfig(mistakes)
	}
	r := t.rehearse(ctx, built.Hook)
	r.Name, r.Kind, r.Idempotent = t.Name, h.Kind, h.Idempotent
	if t.JSON {
		err = out.printJSON(r)
	} else {
		printRehearsal(out, t.plan(), r)
	}
	if err == nil && !r.OK {
		return &exitError{code: exitFailure}
	}
	return err
}

func (t hooksTestCommand) unknown(c config.Config) error {
	names := slices.Sorted(maps.Keys(c.Hooks))
	hint := "pushback hooks list"
	if near := strictyaml.Nearest(t.Name, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Errorf("there is no hook %q in %s\n  hint: %s", t.Name, c.File, hint)
}

// plan is the rollback to test with; the zero Plan without --service.
func (t hooksTestCommand) plan() rollback.Plan {
	if t.Service == "" {
		return rollback.Plan{}
	}
	return rollback.Plan{Target: t.Target, Change: sources.Change{
		ID: t.Change, Service: t.Service, Environment: t.Environment, Region: t.Region, Kind: sources.Kind(t.ChangeKind),
		Version: t.Version, Previous: t.Target, Status: sources.Succeeded, Group: t.Group, Labels: t.Label, Reversible: true,
	}}
}

// rehearse runs everything that the hook offers except Do.
func (t hooksTestCommand) rehearse(ctx context.Context, h rollback.Hook) rehearsal {
	r, plan := rehearsal{Checks: []rollback.Check{}}, t.plan()
	if p, can := h.(rollback.Preflighter); can {
		t.limited(ctx, func(ctx context.Context) { r.Checks = p.Preflight(ctx, plan) })
	}
	r.OK = len(rollback.Problems(r.Checks)) == 0
	if !plan.Known() {
		return r
	}
	if d, can := h.(rollback.DryRunner); can {
		t.limited(ctx, func(ctx context.Context) { r.dryRun(ctx, d, plan) })
	}
	if v, can := h.(rollback.Verifier); can {
		t.limited(ctx, func(ctx context.Context) { r.verify(ctx, v, plan) })
	}
	return r
}

// limited runs one step of the test within --timeout.
func (t hooksTestCommand) limited(ctx context.Context, step func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	step(ctx)
}

func (r *rehearsal) dryRun(ctx context.Context, hook rollback.DryRunner, p rollback.Plan) {
	preview, err := hook.DryRun(ctx, p)
	if err != nil {
		r.OK, r.DryRunErr = false, rollback.Output(err.Error())
		return
	}
	r.Preview = &preview
}

// verify leaves OK as it is: a hook may act although the running version is not known.
func (r *rehearsal) verify(ctx context.Context, hook rollback.Verifier, p rollback.Plan) {
	running, err := hook.Verify(ctx, p)
	if err != nil {
		r.VerifyErr = rollback.Output(err.Error())
		return
	}
	r.Running = &running
}
