package program

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Metrics are the values of the program's /metrics by series, as it writes them.
type Metrics map[string]float64

// Metrics reads /metrics.
func (p *Program) Metrics(ctx context.Context) (Metrics, error) {
	page, err := p.read(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	return parseMetrics(page), nil
}

func parseMetrics(page []byte) Metrics {
	all := Metrics{}
	lines := bufio.NewScanner(bytes.NewReader(page))
	for lines.Scan() {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if v, err := strconv.ParseFloat(line[at+1:], 64); err == nil {
			all[line[:at]] = v
		}
	}
	return all
}

// Since is how much every series has grown.
func (m Metrics) Since(before Metrics) Metrics {
	grown := Metrics{}
	for series, v := range m {
		grown[series] = v - before[series]
	}
	return grown
}

// Sum adds all series of a name.
func (m Metrics) Sum(name string) (sum float64) {
	for series, v := range m {
		if series == name || strings.HasPrefix(series, name+"{") {
			sum += v
		}
	}
	return sum
}

var bucketRange = regexp.MustCompile(`vmrange="[^"]*\.\.\.([^"]+)"`)

// Quantiles are those of a histogram of seconds. They are upper edges of its buckets, which are
// 14 % apart: no quantile is larger than what is returned.
func (m Metrics) Quantiles(histogram string) Quantiles {
	type bucket struct{ upper, count float64 }
	var all []bucket
	total := 0.0
	for series, n := range m {
		found := bucketRange.FindStringSubmatch(series)
		if found == nil || n <= 0 || !strings.HasPrefix(series, histogram+"_bucket{") {
			continue
		}
		upper, _ := strconv.ParseFloat(found[1], 64)
		all, total = append(all, bucket{upper, n}), total+n
	}
	slices.SortFunc(all, func(a, b bucket) int { return cmp.Compare(a.upper, b.upper) })
	at := func(q float64) time.Duration {
		below := 0.0
		for _, b := range all {
			if below += b.count; below >= q*total {
				return time.Duration(b.upper * float64(time.Second))
			}
		}
		return 0
	}
	return Quantiles{at(0.5), at(0.99), at(1)}
}
