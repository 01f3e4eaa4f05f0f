package ruletest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// The bounds of one file's series. Three weeks of four series at a sample a
// minute are an eighth of the samples; nothing that people write by hand comes
// near the length.
const (
	maxSamples  = 1_000_000
	maxNotation = 64 << 10
	// maxHistogram bounds the repetitions of a native histogram by how much of
	// it is repeated: every copy has its own buckets.
	maxHistogram = 8 << 20
)

var language = parser.NewParser(parser.Options{})

// repetition is how the notation says that a value comes again.
var repetition = regexp.MustCompile(`x[ \t\n]*([0-9]+)`)

// notation reads values as Prometheus's own tests write them: `1 2 _ 4`,
// `0+10x60`, `{{schema:0 count:4 sum:2 buckets:[1 2 1]}}x60`. The parser
// expands what is repeated while it reads, so how much that would be is
// counted first.
func notation(text string) ([]parser.SequenceValue, error) {
	if err := bounded(text); err != nil {
		return nil, err
	}
	_, values, err := language.ParseSeriesDesc("{} " + text)
	if err != nil {
		return nil, readable(err)
	}
	return values, nil
}

func bounded(text string) error {
	if len(text) > maxNotation {
		return fmt.Errorf("the notation is longer than %d KiB", maxNotation>>10)
	}
	total := uint64(0)
	for _, m := range repetition.FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseUint(m[1], 10, 64)
		if err != nil || n > maxSamples {
			return fmt.Errorf("a value is repeated more than %d times", maxSamples)
		}
		total += n + 1
	}
	if total > maxSamples || strings.Contains(text, "{") && total*uint64(len(text)) > maxHistogram {
		return errors.New("the series would be too long to hold in memory")
	}
	return nil
}

// metric reads the name and labels of a series.
func metric(text string) (labels.Labels, error) {
	if len(text) > maxNotation {
		return labels.EmptyLabels(), fmt.Errorf("the series is longer than %d KiB", maxNotation>>10)
	}
	set, err := language.ParseMetric(text)
	if err != nil {
		return labels.EmptyLabels(), readable(err)
	}
	if set.Get("__name__") == "" {
		return labels.EmptyLabels(), errors.New("the series has no name")
	}
	return set, nil
}

// readable is the first complaint without its place, which counts from what we
// put before the text.
func readable(err error) error {
	var all parser.ParseErrors
	if errors.As(err, &all) && len(all) > 0 {
		return all[0].Err
	}
	var one *parser.ParseErr
	if errors.As(err, &one) {
		return one.Err
	}
	return err
}
