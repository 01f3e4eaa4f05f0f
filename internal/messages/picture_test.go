package messages

import (
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// A report names the picture of what got worse, and none where there is nothing to see, or nobody could fetch it.
func TestReportsWithPictures(t *testing.T) {
	c := Composer{ExternalURL: "https://pushback.example", Token: func(rollback.Order) string { return "" }}
	c.Picture = func(key string, began time.Time, dark bool) string {
		return "/pictures/" + key + map[bool]string{false: "/light", true: "/dark"}[dark]
	}
	moved := &detector.Verdict{Signals: []detector.Evidence{{Signal: "errors", Effect: detector.Effect{Forecast: 1, After: 2, Difference: 1}}}}
	judged := func(g detector.Grade, v *detector.Verdict, after time.Time) []Judged {
		return []Judged{{Watch: watch.Watch{Rule: "red", State: watch.Watching, Grade: g, After: after}, Verdict: v}}
	}
	for name, one := range map[string]struct {
		composer Composer
		judged   []Judged
		want     string
	}{
		"got worse":               {c, judged(detector.Suspect, moved, time.Time{}), "https://pushback.example/pictures/k/light"},
		"nothing moved":           {c, judged(detector.None, moved, time.Time{}), ""},
		"not looked yet":          {c, judged(detector.Suspect, nil, time.Time{}), ""},
		"without a number":        {c, judged(detector.Suspect, &detector.Verdict{Signals: []detector.Evidence{{Signal: "errors"}}}, time.Time{}), ""},
		"after the rollback only": {c, judged(detector.Likely, moved, time.Unix(9, 0)), ""},
		"nobody could fetch it":   {Composer{ExternalURL: c.ExternalURL}, judged(detector.Certain, moved, time.Time{}), ""},
	} {
		r := one.composer.Report("k", sources.Change{Service: "cart"}, one.judged, nil)
		if r.Picture != one.want || (r.PictureDark == "") != (one.want == "") || r.Picture != "" && r.PictureDark == r.Picture {
			t.Errorf("%s: %q and %q", name, r.Picture, r.PictureDark)
		}
	}
}

// A message about a change's signals names the change of which a picture can be shown; one that has no number does not.
func TestMessagesNameTheirPicture(t *testing.T) {
	look := Look{Key: "k", Change: sources.Change{Service: "cart"}, Watch: watch.Watch{Rule: "red"}}
	if m := (Composer{}).Verdict(look); m.Change != "" {
		t.Errorf("nothing was judged, and it shows %s", m.Change)
	}
	look.Verdict = &detector.Verdict{Outcome: detector.Blind, Signals: []detector.Evidence{{Signal: "errors", Reason: detector.SourceError}}}
	if m := (Composer{}).Verdict(look); m.Change != "" {
		t.Errorf("nothing was seen, and it shows %s", m.Change)
	}
	look.Verdict.Signals[0].Effect = detector.Effect{Forecast: 1, After: 2, Difference: 1}
	for name, m := range map[string]string{
		"verdict": (Composer{}).Verdict(look).Change, "resolved": (Composer{}).Resolved(look, "t").Change, "no help": (Composer{}).RollbackDidNotHelp(look).Change,
		"order":    (Composer{}).Order(rollback.Order{Key: "k", State: rollback.Done, Evidence: []byte(`{"signals":[{"signal":"errors","effect":{"forecast":1,"after":2}}]}`)}, time.Time{}).Change,
		"proposal": (Composer{}).Order(rollback.Order{Key: "k", State: rollback.Expired, Evidence: []byte(`{"signals":[{"signal":"errors","effect":{"forecast":1,"after":2}}]}`)}, time.Time{}).Change,
	} {
		if m != "k" {
			t.Errorf("%s: %q", name, m)
		}
	}
	if m := (Composer{}).Order(rollback.Order{Key: "k", State: rollback.Done, Evidence: []byte(`{}`)}, time.Time{}); m.Change != "" {
		t.Error(m.Change)
	}
}
