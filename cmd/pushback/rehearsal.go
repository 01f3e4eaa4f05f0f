package main

import (
	"fmt"
	"strings"

	"github.com/pushback/pushback/rollback"
)

// printRehearsal writes the results of hooks test for people.
func printRehearsal(out terminal, p rollback.Plan, r rehearsal) {
	fmt.Fprintf(out, "%s: kind %s, idempotent: %s\n\npreflight\n", out.paint(styleStrong, r.Name), r.Kind, yesNo(r.Idempotent))
	for _, c := range r.Checks {
		printCheck(out, c)
	}
	if !p.Known() {
		fmt.Fprintln(out, "\nThe dry run needs a change: --service, --version and --target.")
	} else {
		printDryRun(out, p, r)
		printRunning(out, r)
	}
	fmt.Fprintln(out, "\nNothing was changed.")
}

func printCheck(out terminal, c rollback.Check) {
	switch {
	case c.Problem != "":
		fmt.Fprintf(out, "  %s  %s: %s\n", out.paint(styleBad, "FAIL"), c.What, c.Problem)
		if c.Hint != "" {
			fmt.Fprintf(out, "        hint: %s\n", c.Hint)
		}
	case c.Skipped != "":
		fmt.Fprintf(out, "  %s     %s: %s\n", out.paint(styleDoubt, "?"), c.What, c.Skipped)
	default:
		fmt.Fprintf(out, "  %s    %s\n", out.paint(styleGood, "ok"), c.What)
	}
}

func printDryRun(out terminal, p rollback.Plan, r rehearsal) {
	fmt.Fprintf(out, "\ndry run: %s %s in %s back to %s\n", p.Change.Service, strings.TrimSpace(p.Change.Thing()+" "+versionOrAny(p.Change.Version)), p.Change.Environment, p.Target)
	switch {
	case r.DryRunErr != "":
		fmt.Fprintf(out, "  %s  %s\n", out.paint(styleBad, "FAIL"), r.DryRunErr)
	case r.Preview == nil:
		fmt.Fprintln(out, "  hooks of this kind have no dry run")
	case r.Preview.AlreadyLive:
		fmt.Fprintf(out, "  %s is live already: nothing would be sent\n", p.Target)
	}
	if r.Preview == nil {
		return
	}
	for i, step := range r.Preview.Steps {
		fmt.Fprintf(out, "  %d. %s\n", i+1, step)
	}
	for _, note := range r.Preview.Notes {
		fmt.Fprintf(out, "  note: %s\n", note)
	}
}

func versionOrAny(version string) string {
	if version == "" {
		return "(any version)"
	}
	return version
}

func printRunning(out terminal, r rehearsal) {
	fmt.Fprintln(out, "\nwhat runs now")
	switch s := r.Running; {
	case r.VerifyErr != "":
		fmt.Fprintf(out, "  %s     %s\n", out.paint(styleDoubt, "?"), r.VerifyErr)
	case s == nil:
		fmt.Fprintln(out, "  hooks of this kind cannot find out")
	case s.Version == "":
		fmt.Fprintf(out, "  not reported; %s\n", orDash(s.Detail))
	case s.Detail == "":
		fmt.Fprintf(out, "  %s\n", s.Version)
	default:
		fmt.Fprintf(out, "  %s (%s)\n", s.Version, s.Detail)
	}
}
