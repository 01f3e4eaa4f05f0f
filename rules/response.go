package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/strictyaml"
)

// grades are what at_least takes. `none` is not among them.
var grades = []string{"suspect", "likely", "certain"}

// gradeWord is a grade as a condition sees it.
func gradeWord(g detector.Grade) string {
	if g <= detector.None || int(g) > len(grades) {
		return "none"
	}
	return grades[g-1]
}

// response fills in one line of `respond`.
func (r *reader) response(at string, w writtenResponse, rule Rule) Response {
	line := Response{On: w.On, When: w.When, Tell: w.Tell}
	r.optional(at+".at_least", "grade", w.AtLeast, grades)
	r.optional(at+".on", "occasion", w.On, occasions)
	line.AtLeast = detector.Grade(1 + slices.Index(grades, w.AtLeast))
	switch {
	case w.AtLeast != "" && w.On != "":
		r.at(at, codeResponse, "a line has at_least or on, not both", "write two lines")
	case w.AtLeast == "" && w.On == "":
		r.at(at, codeResponse, "this line does not say when it applies", "add at_least: likely, or on: blind")
	case len(w.Tell) == 0 && w.Rollback == nil:
		r.at(at, codeResponse, "this line does nothing", "add tell, or rollback")
	}
	for i, word := range w.Tell {
		r.receiver(r.item(at+".tell", i), word)
	}
	if len(w.Tell) > 0 {
		r.defaultReceiver(at + ".tell")
	}
	if w.When != "" {
		for _, f := range conditionErrors(w.When, r.world.Freezes) {
			r.inside(at+".when", f.offset, codeBadCondition, f.message, f.hint)
		}
	}
	if w.Rollback != nil {
		line.Rollback = r.rollback(at+".rollback", w, rule)
	}
	return line
}

func (r *reader) receiver(at, word string) {
	known := []string{ownerChat, ownerPager, serviceOwner}
	if r.world.Receivers == nil && !strings.HasPrefix(word, "$") {
		return
	}
	all := slices.Concat(known, r.world.Receivers)
	if !slices.Contains(all, word) {
		r.at(at, codeUnknownTell, fmt.Sprintf("no receiver is called %q", word), nearest(word, all))
	}
}

// defaultReceiver reports, once, that a rule tells and pushback.yml has nobody who is told
// where its words are nobody.
func (r *reader) defaultReceiver(at string) {
	if r.world.NoDefaultReceiver && !r.unaddressed {
		r.unaddressed = true
		r.at(at, CodeNoDefaultReceiver, "a rule tells somebody, and pushback.yml names no default receiver",
			"write services: {default: {pager: NAME}} in pushback.yml, with one of its receivers")
	}
}

// rollback reads the rollback of a line, and refuses one that must never act.
func (r *reader) rollback(at string, w writtenResponse, rule Rule) *Rollback {
	back := &Rollback{Hook: w.Rollback.Hook}
	if w.Rollback.Mode != nil {
		back.Mode = *w.Rollback.Mode
	}
	r.hook(at+".hook", back.Hook)
	r.binding(at+".hook", back.Hook, rule)
	switch {
	case rule.Site:
		r.at(at, codeUnsafeRollback, "a rule of scope site never rolls back", "it lists suspects; a rule of the service may act")
	case w.On != "" && !slices.Contains(actable, w.On):
		r.at(at, codeUnsafeRollback, fmt.Sprintf("nothing is rolled back on %q", w.On), "only evidence that things got worse may act")
	case back.Mode == Ask && w.On == "" && w.AtLeast == "suspect":
		// A warning: files that say this were taken until now, and their other rules must stay in force.
		r.warn(at, codeUnsafeRollback, "nothing is rolled back on a suspicion, not even by a person's approval", "write at_least: likely, or mode: observe")
	case back.Mode == Act && w.On == "" && w.AtLeast != "certain":
		r.at(at, codeUnsafeRollback, "only certain evidence may act", "write at_least: certain, or mode: ask")
	}
	return back
}

// actable are the occasions that may have a rollback, because they are evidence
// that the change made things worse.
var actable = []string{onSignalLost, string(detector.LimitBreached)}

func (r *reader) hook(at, name string) {
	switch {
	case name == serviceHook || r.world.Hooks == nil && !strings.HasPrefix(name, "$"):
	case !slices.Contains(r.world.Hooks, name):
		r.at(at, codeUnknownHook, fmt.Sprintf("no hook is called %q", name), nearest(name, append([]string{serviceHook}, r.world.Hooks...)))
	}
}

// binding refuses a hook that the operators have given to other teams or services. A line
// that is inherited is refused as well, at the rule's own place: the rule that it comes
// from may name the hook, and this one may not.
func (r *reader) binding(at, hook string, rule Rule) {
	b := r.world.Bindings[hook]
	why := b.RefusesTeam(hook, rule.Team)
	ofDefaults := rule.Name == "" // which do not watch anything themselves
	if why == "" && !rule.Site && !ofDefaults {
		why = b.RefusesAny(hook, rule.Watch.Service)
	}
	if why == "" {
		return
	}
	place := strictyaml.Position{Line: max(rule.Line, 1), Column: 1}
	if r.positions.Has(at) {
		place = r.positions.Value(at)
	}
	r.report(place, CodeBoundHook, why, "name another hook, or $service.hook; operators bind hooks in pushback.yml, as in hooks: {"+hook+": {teams: […], services: […]}}")
}
