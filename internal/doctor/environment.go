package doctor

import (
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// prefix is what the variables of the program begin with.
const prefix = "PUSHBACK_"

// Environment finds variables that look like Pushback's and that no command reads. The variables
// that hooks of kind command get are in their own environment alone.
func Environment(environ, known []string) []Check {
	var all []Check
	short := make([]string, len(known))
	for i, name := range known {
		short[i] = strings.TrimPrefix(name, prefix)
	}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if value == "" || !strings.HasPrefix(name, prefix) || slices.Contains(known, name) {
			continue
		}
		hint, near := "no command reads it; the variables are "+strings.Join(known, ", "), strictyaml.Nearest(strings.TrimPrefix(name, prefix), short)
		switch {
		case slices.Contains(known, name+"_FILE"):
			hint = "no command reads it; did you mean " + name + "_FILE?"
		case near != "":
			hint = "no command reads it; did you mean " + prefix + near + "?"
		}
		all = append(all, Of(Config, "environment", Warn, "unset "+name, "the environment has %s; %s", name, hint))
	}
	return all
}
