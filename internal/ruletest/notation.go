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

// The limits of one file's series. Four series of three weeks with a sample a minute
// have an eighth of maxSamples. Notation written by hand is far shorter than
// maxNotation.
const (
	maxSamples  = 1_000_000
	maxNotation = 64 << 10
	// maxHistogram bounds the repetitions of a native histogram, in bytes of its
	// notation, because every copy has its own buckets.
	maxHistogram = 8 << 20
)

var language = parser.NewParser(parser.Options{})

// repetition matches the notation of a repeated value.
var repetition = regexp.MustCompile(`x[ \t\n]*([0-9]+)`)

// zeroTimes matches a zero that is repeated, 0x240, which the parser would take for a
// hexadecimal number.
var zeroTimes = regexp.MustCompile(`(^|[ \t\n+-])0x`)

// notation parses values as Prometheus's own tests write them: `1 2 _ 4`,
// `0+10x60`, `{{schema:0 count:4 sum:2 buckets:[1 2 1]}}x60`. The parser expands
// repetitions while it reads, so that notation checks first how long the result is.
func notation(text string) ([]parser.SequenceValue, error) {
	if err := checkSize(text); err != nil {
		return nil, err
	}
	_, values, err := language.ParseSeriesDesc("{} " + zeroTimes.ReplaceAllString(text, "${1}0.0x"))
	if err != nil {
		return nil, firstError(err)
	}
	return values, nil
}

// checkSize refuses notation that would expand to too much.
func checkSize(text string) error {
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

// metric parses the name and labels of a series.
func metric(text string) (labels.Labels, error) {
	if len(text) > maxNotation {
		return labels.EmptyLabels(), fmt.Errorf("the series is longer than %d KiB", maxNotation>>10)
	}
	set, err := language.ParseMetric(text)
	if err != nil {
		return labels.EmptyLabels(), firstError(err)
	}
	if set.Get("__name__") == "" {
		return labels.EmptyLabels(), errors.New("the series has no name")
	}
	return set, nil
}

// firstError returns the parser's first error without its position, which would be
// off by what notation puts before the text.
func firstError(err error) error {
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
