package migrate

import (
	"fmt"
	"io"
	"strings"
)

// WriteSummary writes counts, and each thing that was left with its place.
func (r Result) WriteSummary(w io.Writer) error {
	var b strings.Builder
	for _, l := range r.Left {
		fmt.Fprintf(&b, "%s of %s: %s\n", printable(l.String()), printable(l.Object), printable(l.Reason))
		if l.Instead != "" {
			fmt.Fprintf(&b, "  instead: %s\n", printable(l.Instead))
		}
	}
	s := r.Summary
	fmt.Fprintf(&b, "%d objects, %d metrics: %d converted, %d not; %d things left, %d without meaning for a rule\n",
		s.Objects, s.Metrics, s.Converted, s.Stopped, s.Left, s.Ignored)
	_, err := io.WriteString(w, b.String())
	return err
}
