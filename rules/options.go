package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// options fills in the keys that neither judge nor respond: the budget, the
// runbook, the quiet hours and the policies.
func (r *reader) options(at string, w written, rule *Rule) {
	rule.Runbook, rule.Quiet, rule.Policies = w.Runbook, w.Quiet, w.Policies
	rule.Budget = r.budget(at+".budget", w.Budget)
	if w.Runbook != "" && !isWebAddress(w.Runbook) {
		r.at(at+".runbook", strictyaml.BadValue, "this is not an http address", "write all of it, as in https://wiki.example.org/cart")
	}
	if w.Quiet != "" && r.world.Freezes != nil && !slices.Contains(r.world.Freezes, w.Quiet) {
		r.at(at+".quiet", codeUnknownFreeze, fmt.Sprintf("no window of pushback.yml is called %q", w.Quiet), nearest(w.Quiet, r.world.Freezes))
	}
	for reason := range w.Policies {
		if !slices.Contains(reasons, reason) {
			r.report(r.positions.Key(at+".policies."+reason), codeUnknownWord, fmt.Sprintf("unknown reason %q", reason), nearest(reason, reasons))
		}
	}
}

// isWebAddress accepts what a person can click on, and nothing that a page or a
// chat would execute.
func isWebAddress(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(s, "http://")
	}
	return ok && rest != "" && rest[0] != '/' && len(s) <= 500 && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == '"' || c == '<' || c == '>' || c >= 0x7f })
}
