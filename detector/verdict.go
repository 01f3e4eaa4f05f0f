package detector

import (
	"time"
)

// Grade is how sure the evidence is that things got worse. It rises one way
// within a watch, but for transient.
type Grade int

// From no evidence to enough for acting.
const (
	None Grade = iota
	Suspect
	Likely
	Certain
)

// Outcome is what a verdict says as a whole. Its zero value claims nothing.
type Outcome int

// What a watch can come to. Blind: the store failed us, not the change.
const (
	Inconclusive Outcome = iota
	Healthy
	Regressed
	Blind
)

// Reason is the code that says why a verdict is what it is, beyond its
// numbers. The text of every code stands in Reasons.
type Reason string

// Every reason code there is.
const (
	TooLittleTraffic  Reason = "too_little_traffic"
	NoBaseline        Reason = "no_baseline"
	ShortHistory      Reason = "short_history"
	BaselineUnhealthy Reason = "baseline_unhealthy"
	SourceError       Reason = "source_error"
	NoData            Reason = "no_data"
	StaleData         Reason = "stale_data"
	Confounded        Reason = "confounded"
	Superseded        Reason = "superseded"
	RollingNeverEnded Reason = "rolling_never_ended"
	SignalLost        Reason = "signal_lost"
	Transient         Reason = "transient"
	UnmatchedSeries   Reason = "unmatched"
	LimitBreached     Reason = "limit"
	FailedRollout     Reason = "rollout_failed"
	RolledBack        Reason = "rolled_back"
	StillWatching     Reason = "still_watching" // too early to say anything
	PartialData       Reason = "partial_data"   // series that lived until now are missing from the answer
	SeveralSeries     Reason = "several_series" // a query gives several series, and the rule does not combine them
	BadUnseen         Reason = "bad_unseen"     // the counter lacks the label that `bad` names
	NeededUnseen      Reason = "needed_unseen"  // a signal that the rule needs was not seen
	BucketsChanged    Reason = "buckets_changed"
	SampleRatio       Reason = "sample_ratio" // the arms of an experiment got another share than declared
)

// Test is which argument gave a signal its grade.
type Test string

// The arguments, as docs/detection.md explains them.
const (
	ByCounts   Test = "counts"   // sequential count test
	ByScan     Test = "scan"     // placebo scan
	ByBlocks   Test = "blocks"   // autoregression of the before window, under six hours of history; stored verdicts have its older name
	ByLimit    Test = "limit"    // the rule's own limit
	ByLoss     Test = "loss"     // the signal vanished
	ByControl  Test = "control"  // against the control, at the same time
	ByTogether Test = "together" // weak by itself, likely with other signals that moved as well
)

// Effect is after against forecast, in the signal's unit. Low and High bound
// Difference at 95 %; both zero where no interval could be had.
type Effect struct {
	Forecast   float64 `json:"forecast"`
	After      float64 `json:"after"`
	Difference float64 `json:"difference"`
	Ratio      float64 `json:"ratio"` // after / forecast; 0 where the forecast is 0
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
}

// Tally is how many events stand behind a count test.
type Tally struct {
	BadBefore      float64 `json:"bad_before"`
	TotalBefore    float64 `json:"total_before"`
	BadAfter       float64 `json:"bad_after"`
	TotalAfter     float64 `json:"total_after"`
	Overdispersion float64 `json:"overdispersion"` // φ ≥ 1
}

// Evidence is what one signal says. Every number a reader needs beside p is
// here, so that any page, message or terminal can be rendered from it alone.
type Evidence struct {
	Signal        string     `json:"signal"`
	Unit          string     `json:"unit,omitempty"`
	Part          string     `json:"part,omitempty"` // the signal that this one is a part of
	Worse         Worse      `json:"worse"`
	Grade         Grade      `json:"grade"`
	Reason        Reason     `json:"reason,omitempty"`
	Tests         []Test     `json:"tests,omitempty"` // those that reached Grade
	P             float64    `json:"p"`               // after Holm over the rule's signals; 1 where nothing was tested
	RawP          float64    `json:"raw_p"`
	Effect        Effect     `json:"effect"`
	Counts        *Tally     `json:"counts,omitempty"`
	Loss          *Loss      `json:"loss,omitempty"`   // of a signal that was lost
	Spread        *Spread    `json:"spread,omitempty"` // a histogram's quantiles; they decide nothing
	Control       *Companion `json:"control,omitempty"`
	Onset         time.Time  `json:"onset,omitzero"`       // where the series breaks
	OnsetFrom     time.Time  `json:"onset_from,omitzero"`  // the earliest moment at which that may have been; zero: not known
	Smallest      float64    `json:"smallest,omitempty"`   // the smallest difference this watch could have seen
	Forecaster    string     `json:"forecaster,omitempty"` // blend, daily blend, recent, trend, season
	History       int        `json:"history,omitempty"`    // ticks learned from
	Placebos      int        `json:"placebos,omitempty"`
	LeftOut       Windows    `json:"left_out,omitempty"`       // of the history, as outages that nobody declared
	AlarmRate     float64    `json:"alarm_rate,omitempty"`     // how often this would have been likely with no change
	UnknownBefore bool       `json:"unknown_before,omitempty"` // too little was measured before the change to tell whether it was bad already
	Healthy       bool       `json:"healthy"`                  // enough was seen to call it well
	Query         string     `json:"query"`
	Notes         []string   `json:"notes,omitempty"` // sentences to show beside the numbers
}

// Verdict is what one rule says of one change at one look.
type Verdict struct {
	Rule    string     `json:"rule"`
	At      time.Time  `json:"at"`
	Tick    int        `json:"tick"` // full after-ticks seen
	Outcome Outcome    `json:"outcome"`
	Grade   Grade      `json:"grade"` // the worst signal's
	Reason  Reason     `json:"reason,omitempty"`
	MayAct  bool       `json:"may_act"` // certain, and by limit, counts, or two signals agreeing
	Signals []Evidence `json:"signals"`
	Method  string     `json:"method"` // the detector's version; a replay under another may differ
}

// Profiles are the profiles of a rule's signals, by signal name. A signal
// without one is judged as one without history.
type Profiles map[string]Profile

// UnknownBefore reports whether of no certain signal enough was measured before the change to
// tell whether it was bad already. Such a verdict is no reason to act without a person.
func (v Verdict) UnknownBefore() bool {
	unknown := false
	for _, e := range v.Signals {
		if e.Grade == Certain && !e.UnknownBefore {
			return false
		}
		unknown = unknown || e.Grade == Certain
	}
	return unknown
}
