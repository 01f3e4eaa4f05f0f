package notify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
)

// Verdict is what is known of a change as a whole, under all rules that watch it.
type Verdict string

// The verdicts. Only Watching is followed by another one, except that a change which is Regressed may
// still be rolled back.
const (
	Watching     Verdict = "watching"
	Healthy      Verdict = "healthy"
	Regressed    Verdict = "regressed"
	Inconclusive Verdict = "inconclusive"
	Blind        Verdict = "blind"
	Superseded   Verdict = "superseded"
)

// Report is all that is known of one change, for the tool in which it was made. It is written once and
// then updated in place: while the change is watched, when it is judged, and when something is done
// about it. Its texts are plain, and may come from outside: see Message.
type Report struct {
	Key         string            `json:"key"`                 // of the change: 26 characters of a to z and 2 to 7
	Witnesses   []sources.Witness `json:"witnesses,omitempty"` // the names under which the tool knows the change
	Service     string            `json:"service"`
	Environment string            `json:"environment"`
	Region      string            `json:"region,omitempty"`
	Kind        sources.Kind      `json:"kind"`
	Version     string            `json:"version"`
	What        string            `json:"what"` // "deploy v42", "flag new-cart 50%"
	Labels      map[string]string `json:"labels,omitempty"`
	StartedAt   time.Time         `json:"started_at"`
	EndedAt     time.Time         `json:"ended_at,omitzero"` // when the last watch so far has ended; zero: none has

	Verdict   Verdict      `json:"verdict"`
	Grade     string       `json:"grade,omitempty"` // while it is watched, how sure it is that it is bad: suspect, likely, certain
	Rules     []RuleReport `json:"rules,omitempty"`
	Order     string       `json:"order,omitempty"`  // the state of its rollback: done, failed, refused, …
	Target    string       `json:"target,omitempty"` // the version that the rollback goes back to
	Action    string       `json:"action,omitempty"` // what became of the rollback, in words
	OrderAt   time.Time    `json:"order_at,omitzero"`
	Recovered bool         `json:"recovered,omitempty"` // it was rolled back, and is well again
	Link      string       `json:"link,omitempty"`      // the page of the change

	// Picture is the address of the plots of what got worse, which anybody may fetch who has it; "" for none.
	// PictureDark is the same, light on dark.
	Picture     string `json:"picture,omitempty"`
	PictureDark string `json:"picture_dark,omitempty"`
}

// RuleReport is what one rule says of the change.
type RuleReport struct {
	Rule   string   `json:"rule"`
	Status string   `json:"status"`          // the state of its watch; the grade while it is open
	Lines  []string `json:"lines,omitempty"` // one for each signal that moved: its values before and after, and the evidence
}

// RolledBackOrder is Report.Order of a rollback that was done.
const RolledBackOrder = "done"

// RolledBack reports whether the change was rolled back.
func (r Report) RolledBack() bool { return r.Order == RolledBackOrder }

// Title names the change in one line.
func (r Report) Title() string {
	return fmt.Sprintf("%s %s in %s", r.Service, r.What, r.Environment)
}

// Summary is the verdict in a few words: "regressed; rolled back to v41 and well again".
func (r Report) Summary() string {
	text := r.Verdict.Sentence()
	if r.Verdict == Watching && r.Grade != "" {
		text += "; " + r.Grade + " regression"
	}
	if r.Action != "" {
		text += "; " + r.Action
	}
	if r.Recovered {
		text += " and well again"
	}
	return text
}

// Lines are what the rules say, in lines: the rule with its status, and its signals.
func (r Report) Lines() (lines []string) {
	for _, one := range r.Rules {
		lines = append(lines, one.Rule+": "+one.Status)
		lines = append(lines, one.Lines...)
	}
	return lines
}

// maxRules is how many rules a report shows.
const maxRules = 20

// Truncated returns the report within the limits of Message.Truncated.
func (r Report) Truncated() Report {
	r = r.mapped(func(text string) string { return sources.OneLine(text, maxLineBytes) })
	r.Link, r.Picture, r.PictureDark = WebLink(r.Link), WebLink(r.Picture), WebLink(r.PictureDark)
	return r
}

// Plain returns the report with every text as the function Plain makes it, for people.
func (r Report) Plain() Report { return r.mapped(Plain) }

// mapped returns the report with every text of others changed by f. Witnesses and labels are for programs,
// and stay.
func (r Report) mapped(f func(string) string) Report {
	for _, text := range []*string{&r.Service, &r.Environment, &r.Region, &r.Version, &r.What, &r.Target, &r.Action} {
		*text = f(*text)
	}
	rules := make([]RuleReport, 0, len(r.Rules))
	for _, one := range r.Rules[:min(len(r.Rules), maxRules)] {
		lines := make([]string, 0, len(one.Lines))
		for _, line := range one.Lines[:min(len(one.Lines), maxLines)] {
			lines = append(lines, f(line))
		}
		rules = append(rules, RuleReport{Rule: f(one.Rule), Status: one.Status, Lines: lines})
	}
	r.Rules = rules
	return r
}

// Context names what a status on a commit is about, where one commit may be deployed as several services
// to several environments: "pushback/cart production".
func (r Report) Context() string {
	return strings.TrimSpace("pushback/" + strings.Join(strings.Fields(r.Service+" "+r.Environment+" "+r.Region), " "))
}

// Reporter writes reports to one tool. Report brings the tool up to r and may be called again at any time,
// with the same report or a newer one, after any error, and by another process.
//
// remote is what the last call returned, "" at first and where that was lost: then Report looks whether the
// tool has a report of the change already. What it returns is stored, after an error too.
//
// The errors are those of a Sender. Two calls for one change are never made at once.
type Reporter interface {
	Report(ctx context.Context, r Report, remote string) (string, error)
}

// Sentence says a verdict to people who do not know the word.
func (v Verdict) Sentence() string {
	switch v {
	case Watching:
		return "being watched"
	case Healthy:
		return "healthy, nothing got worse"
	case Regressed:
		return "regressed"
	case Inconclusive:
		return "inconclusive, there was too little to judge by"
	case Blind:
		return "not judged, the metrics could not be read"
	case Superseded:
		return "not judged, a newer change replaced it"
	}
	return string(v)
}

// UnwatchedReporter is a Reporter whose tool may want to know of changes that no rule watches, too.
type UnwatchedReporter interface {
	Reporter
	Unwatched() bool
}
