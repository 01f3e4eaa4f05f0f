package detector

import (
	"fmt"
	"strings"

	"github.com/pushback/pushback/sources"
)

// Windows are stretches of time.
type Windows []sources.Window

// String names them for people: 1 stretch (2026-03-02 11:05 to 11:50 UTC).
func (w Windows) String() string {
	words := make([]string, len(w))
	for i, s := range w {
		from, to := s.From.UTC(), s.To.UTC()
		layout := "15:04"
		if from.YearDay() != to.YearDay() {
			layout = "2006-01-02 15:04"
		}
		words[i] = from.Format("2006-01-02 15:04") + " to " + to.Format(layout)
	}
	noun := "stretches"
	if len(w) == 1 {
		noun = "stretch"
	}
	return fmt.Sprintf("%d %s (%s UTC)", len(w), noun, strings.Join(words, ", "))
}
