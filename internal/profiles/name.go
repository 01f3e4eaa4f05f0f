package profiles

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// name identifies what a profile was learned from: the source of its numbers, the
// grid, and the direction that counts as worse.
func name(p detector.Plan, s detector.Signal, in watch.Input) string {
	in.Signal = ""
	in.Value.Step, in.Part.Step, in.OnlyIf.Step, in.Buckets = 0, 0, 0, ""
	in.Edges, in.Near, in.Other = "", nil, nil
	if in.Combine.Single() {
		in.Combine = "" // a history of one series is the same in either direction
	}
	if in.Control != nil {
		in.Control = &watch.ControlQueries{Value: sources.Query{Expr: in.Control.Value.Expr}, Part: sources.Query{Expr: in.Control.Part.Expr}}
	}
	b, err := json.Marshal(struct {
		Input         watch.Input
		Tick, Season  time.Duration
		Before, After int
		Kind          detector.Kind
		Worse         detector.Worse
	}{in, p.Tick, p.Season, p.Before, p.After, s.Kind, s.Worse})
	if err != nil {
		panic(err) // plain values: cannot fail
	}
	return digest(b)
}

// digest is what profiles are named by.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
