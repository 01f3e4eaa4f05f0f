package telemetry

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// byName are all metrics.
var byName = func() map[string]Metric {
	all := map[string]Metric{}
	for _, m := range append(append([]Metric(nil), Own...), Process...) {
		all[m.Name] = m
	}
	return all
}()

// Write writes the series of a page, those of a metric in one group, with its HELP and its TYPE in
// front, as the text format of Prometheus wants it. The order of the metrics is that of the page.
func Write(w io.Writer, page []byte) error {
	groups, order := map[string]*bytes.Buffer{}, []string{}
	for line := range bytes.Lines(page) {
		name := familyOf(line)
		if groups[name] == nil {
			groups[name] = &bytes.Buffer{}
			order = append(order, name)
		}
		groups[name].Write(line)
	}
	for _, name := range order {
		if m, known := byName[name]; known {
			if _, err := fmt.Fprintf(w, "# HELP %s %s.\n# TYPE %s %s\n", name, sentence(m.Help), name, m.Type); err != nil {
				return err
			}
		}
		if _, err := groups[name].WriteTo(w); err != nil {
			return err
		}
	}
	return nil
}

// familyOf is the metric that a line is about.
func familyOf(line []byte) string {
	name := string(line)
	if i := strings.IndexAny(name, "{ \n"); i >= 0 {
		name = name[:i]
	}
	for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
		if family, ok := strings.CutSuffix(name, suffix); ok {
			if m, known := byName[family]; known && (suffix == "" || m.Type == Histogram || m.Type == Summary) {
				return family
			}
		}
	}
	return name
}

// sentence begins a text with a capital.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
