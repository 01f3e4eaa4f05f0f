package gather

import (
	"slices"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// packed is the samples of a signal in a tenth of their size, as Prometheus packs them on disk
// (Pelkonen et al. 2015, Gorilla): thousands of watches keep what was before them.
type packed struct{ value, part []packedSeries }

type packedSeries struct {
	labels     map[string]string
	chunk      []byte
	samples    []sources.Sample // instead of chunk, of a series that cannot be packed
	histograms []sources.HistogramSample
}

func pack(raw detector.Raw) packed { return packed{packAll(raw.Value), packAll(raw.Part)} }

// unpack gives the samples back, bit for bit.
func (p packed) unpack() detector.Raw {
	return detector.Raw{Value: unpackAll(p.value), Part: unpackAll(p.part)}
}

func packAll(all []sources.Series) []packedSeries {
	packed := make([]packedSeries, len(all))
	for i, s := range all {
		packed[i] = packedSeries{labels: s.Labels, histograms: slices.Clone(s.Histograms)}
		if packed[i].chunk = chunkOf(s.Samples); packed[i].chunk == nil {
			packed[i].samples = slices.Clone(s.Samples)
		}
	}
	return packed
}

// maxChunk is how many samples a chunk can count.
const maxChunk = 1<<16 - 1

func chunkOf(samples []sources.Sample) []byte {
	if len(samples) == 0 || len(samples) > maxChunk {
		return nil
	}
	chunk := chunkenc.NewXORChunk()
	to, err := chunk.Appender()
	if err != nil {
		return nil
	}
	for _, p := range samples {
		to.Append(0, p.T, p.V)
	}
	return slices.Clone(chunk.Bytes())
}

func unpackAll(packed []packedSeries) []sources.Series {
	all := make([]sources.Series, len(packed))
	for i, p := range packed {
		all[i] = sources.Series{Labels: p.labels, Samples: p.samples, Histograms: p.histograms}
		if p.chunk != nil {
			all[i].Samples = samplesOf(p.chunk)
		}
	}
	return all
}

func samplesOf(packed []byte) []sources.Sample {
	var chunk chunkenc.XORChunk
	chunk.Reset(packed)
	samples := make([]sources.Sample, 0, chunk.NumSamples())
	for it := chunk.Iterator(nil); it.Next() == chunkenc.ValFloat; {
		t, v := it.At()
		samples = append(samples, sources.Sample{T: t, V: v})
	}
	return samples
}
