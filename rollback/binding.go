package rollback

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pushback/pushback/sources"
)

// Binding is who may use a hook: rules of these teams, for changes of these services. A
// list that is empty binds nothing. The team is what the rule's file says; whoever can write
// any file of the rules folder can write any team. The service is that of the change, which
// no rule can choose.
//
// See adr/0091.
type Binding struct {
	Teams    []string `json:"teams,omitempty"`
	Services []string `json:"services,omitempty"` // globs
}

// Refuses returns why a rule of the team may not use the hook for a change of the service,
// "" if it may.
func (b Binding) Refuses(hook, team, service string) string {
	if why := b.RefusesTeam(hook, team); why != "" {
		return why
	}
	if len(b.Services) == 0 || slices.ContainsFunc(b.Services, func(glob string) bool { return sources.MatchesName(glob, service) }) {
		return ""
	}
	return fmt.Sprintf("hook %q may roll back services %s only, and this is %s", hook, strings.Join(b.Services, ", "), service)
}

// RefusesTeam returns why no rule of the team may use the hook, "" if one may.
func (b Binding) RefusesTeam(hook, team string) string {
	if len(b.Teams) == 0 || slices.Contains(b.Teams, team) {
		return ""
	}
	of := fmt.Sprintf("this rule is of team %q", team)
	if team == "" {
		of = "it is not known of which team the rule is"
	}
	return fmt.Sprintf("hook %q is for rules of team %s only, and %s", hook, strings.Join(b.Teams, ", "), of)
}

// RefusesAny returns why a rule that watches the services of a glob may not name the hook, ""
// if the hook may roll back all that the glob can match.
func (b Binding) RefusesAny(hook, glob string) string {
	if len(b.Services) == 0 || slices.ContainsFunc(b.Services, func(allowed string) bool { return covers(allowed, glob) }) {
		return ""
	}
	return fmt.Sprintf("hook %q may roll back services %s only, and this rule watches %s", hook, strings.Join(b.Services, ", "), glob)
}

const globCharacters = `*?[\`

// covers says whether everything that a glob matches is certainly matched by another. It
// knows equal globs, names, and a beginning followed by a star.
func covers(allowed, glob string) bool {
	beginning, star := strings.CutSuffix(allowed, "*")
	switch {
	case allowed == glob:
		return true
	case !strings.ContainsAny(glob, globCharacters):
		return sources.MatchesName(allowed, glob)
	case !star || strings.ContainsAny(beginning, globCharacters):
		return false
	}
	plain := glob[:strings.IndexAny(glob, globCharacters)]
	return strings.HasPrefix(plain, beginning)
}
