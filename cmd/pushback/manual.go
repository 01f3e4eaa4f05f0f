package main

import (
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/alecthomas/kong"

	"github.com/pushback/pushback/internal/usage"
)

// manCommand prints the manual page, for packages.
type manCommand struct{}

// Help shows how to read and to install it.
func (manCommand) Help() string {
	return `The page describes every command with its flags and examples. Its date is that of the
source: SOURCE_DATE_EPOCH if set, else that of the commit the program was built from.

Examples:

  pushback man | man -l -
  pushback man | gzip -9n > /usr/share/man/man1/pushback.1.gz`
}

// Run prints the page.
func (manCommand) Run(out terminal, app *kong.Kong) error {
	return usage.Manual(out, app.Model, usage.About{Version: version(), Date: sourceDate(), Sections: manualSections})
}

// manualSections are what --help does not say of any one command.
var manualSections = []usage.Section{
	{Heading: "Exit status", Text: exitCodes},
	{Heading: "Environment", Text: `PUSHBACK_SERVER is the address of the daemon, PUSHBACK_TOKEN_FILE the file with the API's token, PUSHBACK_CONFIG
the file of settings, PUSHBACK_PROMETHEUS the metric store that rules init asks, PUSHBACK_AUTHOR whose changes mine lists.
Flags come first. NO_COLOR keeps the output without colours, and COLUMNS is the width of plots.`},
	{Heading: "Files", Text: `pushback.yml, and what it names: rules in the folder rules, one token a line in token, the database and the freeze file
in the folder data.`},
}

// exitCodes are those of the package comment.
const exitCodes = `0: it worked. For deploy --wait and watch of one change it is healthy, for gate it is open.

1: it failed: the server refused or could not be reached, a file could not be written. For replay a verdict differs, for
rules migrate --strict something was left, for probe the target is not as expected, for healthcheck the daemon is not well.

2: the command line, pushback.yml or a rule has a mistake, and nothing was done. For replay a verdict cannot be judged again.

3: for deploy --wait and watch of one change it regressed, for gate it is closed.

4: for deploy --wait and watch of one change the watch ended neither healthy nor regressed, or --timeout was over.

5: for deploy --wait the change is certainly bad, and nothing was done: the rule only observes, or its rollback was refused.`

// sourceDate is when the source was made, so that the same source gives the same page.
func sourceDate() time.Time {
	if seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC()
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				return at.UTC()
			}
		}
	}
	return time.Now().UTC()
}
