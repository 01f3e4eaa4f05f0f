package gather

import (
	"slices"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// packed is the samples of a signal in a tenth of their size, as Prometheus packs them on disk
// (Pelkonen et al. 2015, Gorilla), and without labels: thousands of watches keep what was before
// them.
type packed struct{ value, part []packedSeries }

type packedSeries struct {
	chunk      []byte
	samples    []sources.Sample // instead of chunk, of a series that cannot be packed
	histograms []sources.HistogramSample
}

// pack packs the samples. Series of the part that are those of the whole are kept once.
func pack(raw detector.Raw) packed {
	once := map[*sources.Sample]packedSeries{}
	return packed{packAll(raw.Value, once), packAll(raw.Part, once)}
}

// unpack gives the samples back, bit for bit, with room for so many more in each series.
func (p packed) unpack(more int) detector.Raw {
	return detector.Raw{Value: unpackAll(p.value, more), Part: unpackAll(p.part, more)}
}

func packAll(all []sources.Series, once map[*sources.Sample]packedSeries) []packedSeries {
	packed := make([]packedSeries, len(all))
	for i, s := range all {
		if len(s.Samples) == 0 {
			packed[i] = packedSeries{histograms: slices.Clone(s.Histograms)}
			continue
		}
		same, ok := once[&s.Samples[0]]
		if !ok {
			same = packSamples(s.Samples)
			once[&s.Samples[0]] = same
		}
		packed[i] = packedSeries{same.chunk, same.samples, slices.Clone(s.Histograms)}
	}
	return packed
}

func packSamples(samples []sources.Sample) packedSeries {
	if chunk := chunkOf(samples); chunk != nil {
		return packedSeries{chunk: chunk}
	}
	return packedSeries{samples: slices.Clone(samples)}
}

// maxChunk is how many samples a chunk can count.
const maxChunk = 1<<16 - 1

func chunkOf(samples []sources.Sample) []byte {
	if len(samples) > maxChunk {
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

func unpackAll(packed []packedSeries, more int) []sources.Series {
	all := make([]sources.Series, len(packed))
	for i, p := range packed {
		all[i] = sources.Series{Samples: slices.Clip(p.samples), Histograms: slices.Clip(p.histograms)}
		if p.chunk != nil {
			all[i].Samples = samplesOf(p.chunk, more)
		}
	}
	return all
}

func samplesOf(packed []byte, more int) []sources.Sample {
	var chunk chunkenc.XORChunk
	chunk.Reset(packed)
	samples := make([]sources.Sample, 0, chunk.NumSamples()+more)
	for it := chunk.Iterator(nil); it.Next() == chunkenc.ValFloat; {
		t, v := it.At()
		samples = append(samples, sources.Sample{T: t, V: v})
	}
	return samples
}
