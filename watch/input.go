package watch

import (
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// Input says where one signal's numbers come from: the queries that a look
// runs, with $match and the like filled in, and how Tally reads the answers.
type Input struct {
	Signal  string        `json:"signal"`
	Store   string        `json:"store"`
	Form    Form          `json:"form"`
	Value   sources.Query `json:"value,omitzero"`    // level; total of counts; _sum of a mean
	Part    sources.Query `json:"part,omitzero"`     // bad of counts; _count of a mean; the bucket of a slow fraction
	OnlyIf  sources.Query `json:"only_if,omitzero"`  // judged only in ticks in which this has a value other than 0
	Combine Combine       `json:"combine,omitempty"` // of a query: how several series become one number
	Edge    float64       `json:"edge,omitempty"`    // native slow fraction: the bound, in the histogram's unit
	Buckets string        `json:"buckets,omitempty"` // of a classic histogram's mean: selects its buckets, for quantiles that people see
	Edges   string        `json:"edges,omitempty"`   // of a classic histogram's slow fraction: asks for its bucket edges, for a release that changes them
	Near    *NearEdge     `json:"near,omitempty"`    // of a classic histogram's slow fraction: asks for another bucket, for a release that takes its own away
	Other   *OtherKind    `json:"other,omitempty"`   // of a histogram: the same in the other kind, to which a release may switch
	Whole   Whole         `json:"of,omitzero"`       // of a part: where it is found among the answers about the whole

	Control *ControlQueries `json:"control,omitempty"` // where the signal's control comes from, in the same form
}

// ControlQueries are where the numbers of a signal's control come from.
type ControlQueries struct {
	Value sources.Query `json:"value,omitzero"`
	Part  sources.Query `json:"part,omitzero"`
}

// NearEdge is how another bucket of a classic histogram is found than the signal's own.
type NearEdge struct {
	Edge float64 `json:"edge"` // the signal's own
	Part string  `json:"part"` // asks for a bucket: EdgePlaceholder stands for its edge
}

// EdgePlaceholder stands for a regular expression of an edge's spellings.
const EdgePlaceholder = "$edge"

// AtEdge is the input at another edge, given as a regular expression of its spellings.
func (in Input) AtEdge(edge float64, spelled string) Input {
	in.Part.Expr, in.Edge = strings.ReplaceAll(in.Near.Part, EdgePlaceholder, spelled), edge
	in.Edges, in.Near, in.Other = "", nil, nil
	return in
}

// OtherKind is where a classic histogram is found once it is native, and the other way round.
type OtherKind struct {
	Form  Form          `json:"form"` // of its mean
	Value sources.Query `json:"value,omitzero"`
	Part  sources.Query `json:"part,omitzero"`
}

// OtherInput is the input of the mean in the other kind.
func (in Input) OtherInput() Input {
	return Input{Signal: in.Signal, Store: in.Store, Form: in.Other.Form, Value: in.Other.Value, Part: in.Other.Part}
}

// ControlInput is the input of the control alone.
func (in Input) ControlInput() Input {
	in.Value, in.Part, in.Control, in.Whole, in.Buckets = in.Control.Value, in.Control.Part, nil, Whole{}, ""
	in.Edges, in.Near, in.Other = "", nil, nil
	return in
}

// Whole is what a look asks for, so that one answer serves all parts of a
// signal. The part's own queries in Input ask for that part alone; people use
// them to see its numbers.
type Whole struct {
	Value      string `json:"value"` // the expressions for the whole signal
	Part       string `json:"part,omitempty"`
	Label      string `json:"label"` // the label whose value names the part
	LabelValue string `json:"is"`
}

// Form is how raw series become ticks.
type Form = detector.Form

// Combine says how several series of a query become one number.
type Combine = detector.Combine

// The forms of Input. Native histograms need Value alone.
const (
	FormLevel      = detector.FormLevel
	FormCounts     = detector.FormCounts
	FormRatio      = detector.FormRatio
	FormMean       = detector.FormMean
	FormSlow       = detector.FormSlow
	FormNativeMean = detector.FormNativeMean
	FormNativeSlow = detector.FormNativeSlow
)

// Expr is the query that reproduces the numbers of a look in the store's own
// user interface: what Pushback does with raw counters, written in PromQL.
func (in Input) Expr(tick time.Duration) string {
	increase := func(q sources.Query) string {
		return fmt.Sprintf("sum(increase(%s[%dms]))", q.Expr, tick.Milliseconds())
	}
	switch in.Form {
	case FormRatio:
		return fmt.Sprintf("(%s) / (%s)", in.combined(in.Part.Expr), in.combined(in.Value.Expr))
	case FormCounts:
		return increase(in.Part) + " / " + increase(in.Value)
	case FormMean:
		return increase(in.Value) + " / " + increase(in.Part)
	case FormSlow:
		return "1 - " + increase(in.Part) + " / " + increase(in.Value)
	case FormNativeMean:
		return "histogram_avg(" + increase(in.Value) + ")"
	case FormNativeSlow:
		return fmt.Sprintf("histogram_fraction(%g, +Inf, %s)", in.Edge, increase(in.Value))
	}
	return in.combined(in.Value.Expr)
}

// combined is a query with the aggregation that combines its series.
func (in Input) combined(expr string) string {
	switch in.Combine {
	case detector.Sum, detector.Max, detector.Min:
		return fmt.Sprintf("%s(%s)", in.Combine, expr)
	case detector.Mean:
		return "avg(" + expr + ")"
	}
	return expr
}
