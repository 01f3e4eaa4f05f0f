package main

import (
	"cmp"
	"fmt"
	"net/url"

	"github.com/pushback/pushback/internal/server/api"
)

// unknownFlags say what happens to a service that the catalogue does not know.
//
// Each command has the default that costs least when it is wrong. A deploy that happened must be
// reported, so that a pipeline is warned only; a person who has mistyped a name sits at the
// terminal and can write it again. A hold of a service that does not exist stops nothing while
// somebody relies on it. See adr/0123.
type unknownFlags struct {
	Unknown string `enum:"auto,allow,warn,refuse" default:"auto" placeholder:"POLICY" help:"What to do about a service that the catalogue does not know: allow, warn, refuse, or auto (default ${default})."`
}

// or is the policy, and preset where the flag leaves it open.
func (f unknownFlags) or(preset string) string {
	if f.Unknown == "auto" {
		return preset
	}
	return cmp.Or(f.Unknown, preset)
}

// query is the policy as the API takes it.
func (f unknownFlags) query(preset string) url.Values {
	return url.Values{"unknown": {f.or(preset)}}
}

// warnOf prints the warnings of an answer beside its result.
func (t terminal) warnOf(all []api.Warning) {
	for _, w := range all {
		fmt.Fprintf(t.warnings, "pushback: warning: %s\n", printableWarning(w))
	}
}
