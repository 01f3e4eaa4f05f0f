package detector

import (
	"slices"

	"github.com/pushback/pushback/sources"
)

// Grids are those of one look: before, and the full and the running ticks after.
type Grids struct{ Before, After, Running Grid }

// Around is Remember and Earlier.Around in one, for a single look.
func Around(past, present Raw, g Grids) (before, after, running Ticks) {
	past.Value, past.Part = clipped(past.Value), clipped(past.Part)
	whole, paired := past.counters()
	return remember(past, whole, paired, keysOfPoints(whole), g.Before).Around(past, present, g)
}

// clipped are series whose samples cannot be appended to in place.
func clipped(all []sources.Series) []sources.Series {
	all = slices.Clone(all)
	for i := range all {
		all[i].Samples, all[i].Histograms = slices.Clip(all[i].Samples), slices.Clip(all[i].Histograms)
	}
	return all
}

// fewSeveral is the share of the before window that may be left out because it has several
// series where one is expected.
const fewSeveral = 0.25

// beforeTicks are the ticks of a before window. If few have several series, as where a rollout
// of which only the end is known began in it, the others say what was usual.
func (r Raw) beforeTicks(g Grid) Ticks {
	t := Tabulate(r, g)
	if t.Series == 0 {
		return t
	}
	r.Combine = OneOnly
	single := Tabulate(r, g)
	if lost := finite(t.Value) - finite(single.Value); float64(lost) <= fewSeveral*float64(finite(t.Value)) {
		return single
	}
	return t
}

// joinSeries joins the series before a change, whose keys are those of their labels, to those after it. What
// both have is taken from before.
func joinSeries(past []sources.Series, keys []string, present []sources.Series) []sources.Series {
	seen := make(map[string][]int, len(past))
	for i, key := range keys {
		seen[key] = append(seen[key], i)
	}
	joined := append(make([]sources.Series, 0, len(past)+len(present)), past...)
	for _, s := range present {
		key := LabelKey(s.Labels)
		if at := seen[key]; len(at) > 0 {
			joined[at[0]], seen[key] = joinSamples(joined[at[0]], s), at[1:]
			continue
		}
		joined = append(joined, s)
	}
	for i, key := range keys {
		if joined[i].Labels == nil {
			joined[i].Labels = labelsOfKey(key)
		}
	}
	return joined
}

// joinSamples joins two answers about one series, by appending to the samples of the past.
func joinSamples(past, present sources.Series) sources.Series {
	joined := sources.Series{Labels: present.Labels}
	joined.Samples = slices.Grow(past.Samples, len(present.Samples))
	joined.Histograms = slices.Grow(past.Histograms, len(present.Histograms))
	for _, p := range present.Samples {
		if n := len(joined.Samples); n == 0 || p.T > joined.Samples[n-1].T {
			joined.Samples = append(joined.Samples, p)
		}
	}
	for _, h := range present.Histograms {
		if n := len(joined.Histograms); n == 0 || h.T > joined.Histograms[n-1].T {
			joined.Histograms = append(joined.Histograms, h)
		}
	}
	return joined
}
