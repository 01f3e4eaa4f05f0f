package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// entryDetail is what the words of entries need of their details, here and in the timeline of a change. Each action has
// some of it.
type entryDetail struct {
	Why, State, Mode, Hold, Kind, Service, Environment, Incident, Text, Rule, Hook, Source, Watch, Token, Role string

	To       rollback.State
	Grade    detector.Grade
	Line     int
	Told     []string
	Rollback *struct {
		Hook, Mode, Said string
		Ordered          bool
	}
	Verdict *detector.Verdict
	Receipt *rollback.Receipt
	Order   *struct {
		State  rollback.State
		Target string `json:"target_version"`
	}
	Refusals []rollback.Refusal
	From     time.Time
	Until    time.Time
	Through  int64
	Entries  int64

	Verification *rollback.Verification

	Answer *struct {
		Approved bool
		Why      string
	}
	Held   json.RawMessage
	Fixes  []string
	Passed []rollback.Obstacle
	Orders int `json:"ended_orders"`
}

// entryWords says in a sentence what an entry of the journal records. What is in its detail and no reader may see
// elsewhere, such as the paths of files, is left out.
func entryWords(e store.Entry) string {
	words, known := entrySentences[e.Action]
	var d entryDetail
	if e.Detail != nil && json.Unmarshal(e.Detail, &d) != nil || !known {
		return e.Action
	}
	return sources.OneLine(words(e, d), maxWords)
}

// maxWords bounds a sentence, in bytes: reasons are of people.
const maxWords = 2000

var entrySentences = map[string]func(store.Entry, entryDetail) string{
	"respond":           respondWords,
	"end":               endWords,
	"order":             orderWords,
	"permit":            permitWords,
	"hold":              func(_ store.Entry, d entryDetail) string { return "Held " + held(d) + colon(d.Why) },
	"release":           func(_ store.Entry, d entryDetail) string { return "Released " + held(d) },
	"clear":             func(_ store.Entry, d entryDetail) string { return "Cleared of blame" + colon(d.Why) },
	"hold deployment":   heldDeploymentWords,
	"answer deployment": answerWords,
	"pass":              passWords,
	"promote":           trustWords,
	"demote":            trustWords,
	"false-alarm":       falseAlarmWords,
	"incident":          func(_ store.Entry, d entryDetail) string { return "Declared " + incidentWords(d) + colon(d.Why) },
	"end incident":      func(_ store.Entry, d entryDetail) string { return "Ended " + incidentWords(d) },
	"remove incident":   func(_ store.Entry, d entryDetail) string { return "Took back " + incidentWords(d) },
	"freeze":            func(_ store.Entry, d entryDetail) string { return "Froze all rollbacks" + colon(d.Why) },
	"unfreeze":          func(_ store.Entry, d entryDetail) string { return "Let rollbacks go on" + colon(d.Why) },
	"missed":            func(_ store.Entry, d entryDetail) string { return "Said that it was bad and not found" + colon(d.Why) },
	"create token":      func(_ store.Entry, d entryDetail) string { return "Made the token " + d.Token + ", a " + d.Role },
	"revoke token":      func(_ store.Entry, d entryDetail) string { return "Revoked the token " + d.Token },
	"propose":           func(_ store.Entry, d entryDetail) string { return "Proposed a rollback" + colon(d.Why) },
	"remark":            func(_ store.Entry, d entryDetail) string { return "Remarked" + colon(d.Text) },
	"missed_delivery": func(_ store.Entry, d entryDetail) string {
		return "Found a delivery of " + d.Source + " that never came"
	},
	"restore":        restoreWords,
	"checkpoint":     checkpointWords,
	"store_failed":   storeWords("cannot be read"),
	"store_answered": storeWords("answers again"),
}

// colon is a reason after a sentence, "" where there is none.
func colon(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

func respondWords(_ store.Entry, d entryDetail) string {
	said := "Line " + fmt.Sprint(d.Line) + " applied"
	if d.Verdict != nil {
		said = gradeWords(d) + ", and line " + fmt.Sprint(d.Line) + " applied"
	}
	if len(d.Told) > 0 {
		said += ": told " + strings.Join(d.Told, ", ")
	}
	switch {
	case d.Rollback == nil:
	case !d.Rollback.Ordered:
		said += "; nothing was ordered" + colon(d.Rollback.Said)
	case d.Rollback.Mode == "act":
		said += "; ordered a rollback through " + d.Rollback.Hook
	default:
		said += "; asked for a rollback through " + d.Rollback.Hook
	}
	return said + evidenceWords(d)
}

// gradeWords is how sure the verdict is of harm. A verdict that is not sure of any is never called healthy here.
func gradeWords(d entryDetail) string {
	if d.Grade == detector.None {
		return "No harm was found yet"
	}
	return "Judged " + d.Grade.String() + " of harm"
}

// evidenceWords is what moved most, in the words of every message.
func evidenceWords(d entryDetail) string {
	if d.Verdict == nil || d.Grade == detector.None {
		return ""
	}
	return colon(report.Worst(*d.Verdict))
}

func endWords(_ store.Entry, d entryDetail) string {
	said := "The watch ended " + d.State
	if d.Verdict != nil && d.State == string(watch.Healthy) {
		said += spaced(d.Verdict.HealthyBy())
	}
	return said + evidenceWords(d)
}

func spaced(text string) string {
	if text == "" {
		return ""
	}
	return " " + text
}

func orderWords(_ store.Entry, d entryDetail) string {
	if d.Verification != nil {
		return "Looked whether the version runs" + colon(d.Verification.String())
	}
	words, known := orderMoves[d.To]
	if !known {
		return "Rollback " + string(d.To) + colon(d.Why)
	}
	return words + colon(d.Why)
}

// orderMoves say which state an order entered.
var orderMoves = map[rollback.State]string{
	rollback.Proposed:  "A rollback waits for a person",
	rollback.Approved:  "Approved the rollback",
	rollback.Decided:   "A rollback was ordered",
	rollback.Sending:   "The rollback began",
	rollback.Done:      "The rollback was carried out",
	rollback.Failed:    "The rollback failed",
	rollback.Unknown:   "Nobody can tell whether the rollback was carried out",
	rollback.Cancelled: "The rollback was called off",
	rollback.Expired:   "Nobody decided in time, and nothing was rolled back",
	rollback.Refused:   "The guards refused, and nothing was rolled back",
}

func permitWords(_ store.Entry, d entryDetail) string {
	if len(d.Refusals) == 0 {
		return "The guards let the rollback go on, through " + d.Hook
	}
	why := make([]string, len(d.Refusals))
	for i, r := range d.Refusals {
		why[i] = r.Why
	}
	return "The guards hold the rollback back: " + strings.Join(why, "; ")
}

// held is what a hold stops.
func held(d entryDetail) string {
	return holdWords(store.Hold{Kind: store.HoldKind(d.Kind), Service: d.Service, Environment: d.Environment}) + until(d.Until) + " (" + d.Hold + ")"
}

// holdWords is what a hold stops, for the middle of a sentence.
func holdWords(h store.Hold) string {
	what := "deploys of "
	if h.Kind == store.FleetHold {
		what = "all automatic rollbacks, and deploys of "
	}
	if h.Service == "" {
		what += "every service"
	}
	return what + h.Service + in(h.Environment)
}

func in(environment string) string {
	if environment == "" {
		return ""
	}
	return " in " + environment
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + t.UTC().Format("2 January 15:04")
}

func incidentWords(d entryDetail) string {
	whose := "every service"
	if d.Service != "" {
		whose = d.Service
	}
	return "incident " + d.Incident + " of " + whose + in(d.Environment)
}

func heldDeploymentWords(_ store.Entry, d entryDetail) string {
	return "A deployment of " + d.Service + in(d.Environment) + " is held back until it is known how the one before does"
}

func answerWords(_ store.Entry, d entryDetail) string {
	if d.Answer != nil && d.Answer.Approved {
		return "Let the held deployment go" + colon(d.Answer.Why)
	}
	if d.Answer != nil {
		return "Refused the held deployment" + colon(d.Answer.Why)
	}
	return "Answered the held deployment"
}

func passWords(_ store.Entry, d entryDetail) string {
	said := "Let a fix of " + d.Service + in(d.Environment) + " through"
	if len(d.Passed) > 0 {
		said += ", past: " + d.Passed[0].Why
	}
	return said
}

func trustWords(e store.Entry, d entryDetail) string {
	service := "every service"
	if d.Service != store.EveryService {
		service = d.Service
	}
	rule := strings.TrimPrefix(e.ChangeKey, "rules/")
	if e.Action == "promote" {
		return "Promoted rule " + rule + " to " + d.Mode + " for " + service + colon(d.Why)
	}
	return "Demoted rule " + rule + " to " + d.Mode + " for " + service + colon(d.Why)
}

func falseAlarmWords(_ store.Entry, d entryDetail) string {
	if d.Rule == "" {
		return "Called it a false alarm" + colon(d.Why)
	}
	return "Called it a false alarm of rule " + d.Rule + colon(d.Why)
}

func restoreWords(_ store.Entry, d entryDetail) string {
	return fmt.Sprintf("Restored the database from a backup, which ended %d orders", d.Orders)
}

func checkpointWords(_ store.Entry, d entryDetail) string {
	return fmt.Sprintf("Deleted %d entries because of their age, up to entry %d", d.Entries, d.Through)
}

func storeWords(what string) func(store.Entry, entryDetail) string {
	return func(e store.Entry, _ entryDetail) string {
		return "Metric store " + strings.TrimPrefix(e.ChangeKey, "metrics/") + " " + what
	}
}
