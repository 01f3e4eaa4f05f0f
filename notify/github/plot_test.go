package github

import (
	"strings"
	"testing"

	"github.com/pushback/pushback/notify/sendertest"
)

// A comment has the plots where the settings want them, in both forms.
func TestPlot(t *testing.T) {
	r := sendertest.Report()
	here(&r)
	r.Picture, r.PictureDark = "https://pushback.example/pictures/light.png", "https://pushback.example/pictures/dark.png"
	for _, plot := range []bool{true, false} {
		h := hub(t)
		c := only(t, h.URL, NoCheck, false, true)
		c.Plot = plot
		if _, err := reporterOn(t, c).Report(t.Context(), r, ""); err != nil {
			t.Fatal(err)
		}
		body := h.Comments()[0].Body
		if strings.Contains(body, "light.png") != plot || strings.Contains(body, "dark.png") != plot {
			t.Errorf("plot %t: %s", plot, body)
		}
	}
}
