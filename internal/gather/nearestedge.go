package gather

import (
	"context"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// edges are the edges of a histogram's buckets, each with its spellings.
type edges map[float64][]string

func edgesOf(series []sources.Series) edges {
	all := edges{}
	for _, s := range series {
		if le, err := strconv.ParseFloat(s.Labels["le"], 64); err == nil && !slices.Contains(all[le], s.Labels["le"]) {
			all[le] = append(all[le], s.Labels["le"])
		}
	}
	return all
}

// differ reports whether one has an edge that the other lacks.
func (e edges) differ(other edges) bool {
	for le := range other {
		if e[le] == nil {
			return true
		}
	}
	return len(e) != len(other)
}

// farthestEdge is how far from a signal's own edge, as a ratio, the share of slower events still
// says what people meant by slow.
const farthestEdge = 2

// nearest is the common edge nearest to a signal's own, which is no longer there or may not be.
// Zero: none is near.
func (e edges) nearest(other edges, own float64) (found float64) {
	closest := math.Log(farthestEdge) + 1e-9
	for le := range e {
		if other[le] == nil || le == own || !(le > 0) || !(own > 0) {
			continue
		}
		if far := math.Abs(math.Log(le / own)); far < closest || far == closest && le < found {
			found, closest = le, far
		}
	}
	return found
}

// followEdges looks at a slow fraction whose bucket may be gone. Where the edges changed, the
// signal is read at the nearest edge that is there before and after the change, and where there
// is none, or that may be gone as well, it is not judged.
//
// See adr/0076.
func followEdges(ctx context.Context, r Ranger, in watch.Input, v View, reading *detector.Reading) error {
	before, now, err := edgesAround(ctx, r, in, v)
	if err != nil || len(before) == 0 || len(now) == 0 || !before.differ(now) {
		return err
	}
	reading.BucketsChanged = true
	if in.Near == nil || in.Control != nil || in.Whole.Label != "" {
		return nil
	}
	edge := before.nearest(now, in.Near.Edge)
	if edge == 0 {
		return nil
	}
	at := in.AtEdge(edge, spelled(append(before[edge], now[edge]...)))
	past, err := FetchBefore(ctx, r, at, v.Before)
	if err != nil {
		return err
	}
	present, err := Fetch(ctx, r, at, v.window(), at.Value.Step)
	if err != nil {
		return err
	}
	present = dropRepeated(ctx, r, at, present, v)
	if detector.EdgeMissing(present) {
		return nil
	}
	reading.BucketsChanged, reading.Edge, reading.Query = false, edge, at.Expr(v.After.Tick)
	reading.Before, reading.After, reading.Running = past.around(present, v)
	return nil
}

// edgesAround are a histogram's edges at the end of the before window and now. Two spellings
// of a number are one edge.
func edgesAround(ctx context.Context, r Ranger, in watch.Input, v View) (before, now edges, err error) {
	past, err := r.Instant(ctx, in.Edges, v.Before.End())
	if err != nil {
		return nil, nil, err
	}
	present, err := r.Instant(ctx, in.Edges, v.Now)
	return edgesOf(past), edgesOf(present), err
}

// spelled is a regular expression for all spellings of an edge, as it stands in a query.
func spelled(all []string) string {
	quoted := make([]string, 0, len(all))
	for _, s := range all {
		if q := regexp.QuoteMeta(s); !slices.Contains(quoted, q) {
			quoted = append(quoted, q)
		}
	}
	slices.Sort(quoted)
	return strings.ReplaceAll(strings.Join(quoted, "|"), `\`, `\\`)
}
