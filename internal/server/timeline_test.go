package server

import (
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// wholeStory is a change that was rolled back, as it is stored.
func wholeStory(began time.Time) api.Explanation {
	at := func(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }
	c := sources.Change{
		Service: "cart", Environment: "production", Kind: sources.Deploy, Version: "v4", Status: sources.Succeeded, StartedAt: began, FinishedAt: at(60),
		Witnesses: []sources.Witness{{Source: "github", ChangeID: "17", At: at(-5)}},
	}
	entry := func(seconds int, actor, action, detail string) api.Entry {
		return api.Entry{At: at(seconds), Actor: actor, Action: action, Detail: []byte(detail)}
	}
	verdict := `"verdict":{"grade":"certain","signals":[{"signal":"errors","unit":"fraction","grade":"certain","effect":{"forecast":0.005,"after":0.031,"difference":0.026}}]}`
	return api.Explanation{
		Change: api.ChangeSummary{Change: api.Change{Change: c}},
		Watches: []api.Watch{
			{
				ID: "w", Rule: "red", State: "regressed", Grade: "certain", Reason: "rolled_back", From: at(120), EndedAt: at(205),
				Grades: []watch.GradeAt{{At: at(150), Grade: detector.Suspect}, {At: at(190), Grade: detector.Certain}},
			},
			{ID: "w.after", Rule: "red", State: "watching", Grade: "none", After: at(205), From: at(265)},
		},
		Messages: []api.Message{
			{Receiver: "chat", Title: "errors rose", CreatedAt: at(190), SentAt: at(192)},
			{Receiver: "pager", Title: "errors rose", CreatedAt: at(190), LastError: "503"},
			{Receiver: "desk", Title: "errors rose", CreatedAt: at(190), GroupedIn: "fleet/h1"},
		},
		Journal: []api.Entry{
			entry(190, "rule red", "respond", `{"watch":"w",`+verdict+`,"rollback":{"hook":"undo","mode":"ask","ordered":true}}`),
			early(entry(190, "rule red", "order", `{"order":{"state":"proposed","hook":"undo","target_version":"v3"}}`)),
			entry(195, "amy", "order", `{"to":"approved","why":"yes\nit is"}`),
			entry(196, "guards", "permit", `{"refusals":[{"guard":"freeze","why":"friday"}]}`),
			entry(197, "guards", "permit", `{"refusals":null}`),
			entry(198, "pushback", "order", `{"to":"sending"}`),
			entry(205, "pushback", "order", `{"to":"done","receipt":{"at":"2026-11-22T21:00:00Z","status":"200 OK"}}`),
			entry(205, "rule red", "end", `{"watch":"w",`+verdict+`}`),
			entry(300, "bob", "false-alarm", `{"why":"the load test"}`),
			entry(301, "bob", "missed", `{}`),
			entry(302, "sources", "remark", `{"text":"does not run"}`),
			entry(303, "x", "something new", `not JSON`),
		},
	}
}

// early is an entry whose time is a little before that of the entry before it.
func early(e api.Entry) api.Entry {
	e.At = e.At.Add(-300 * time.Microsecond)
	return e
}

func lines(all []web.Moment) string {
	var b strings.Builder
	for _, m := range all {
		b.WriteString(m.After + " " + m.What + "\n")
	}
	return b.String()
}

func TestTimeline(t *testing.T) {
	began := testNow.Add(-time.Hour)
	got := lines(timeline(wholeStory(began), testNow))
	want := `−5 s github told of it, as 17
+0 s the rollout of v4 began
+1 min the rollout of v4 finished
+2 min rule red: settled; what is measured from here on is judged
+2 min 30 s rule red: suspect
+3 min 10 s rule red: certain: errors 0.5 % → 3.1 %
+3 min 10 s pager could not be told (503): errors rose
+3 min 10 s desk was told with all others in fleet/h1: errors rose
+3 min 10 s rule red asked for a rollback by the hook undo, in mode ask
+3 min 10 s the rollback to v3 waits for a person
+3 min 12 s chat was told: errors rose
+3 min 15 s the rollback was approved by amy: yes it is
+3 min 16 s the guards held the rollback: friday
+3 min 17 s the guards permitted the rollback
+3 min 18 s the rollback was sent to its hook
+3 min 25 s rule red ended: regressed: The change was rolled back; a second watch looks at whether that helped
+3 min 25 s the rollback is done: the hook answered 200 OK
+4 min 25 s rule red, after the rollback: settled; what is measured from here on is judged
+5 min bob called it a false alarm: the load test
+5 min 1 s bob said that it was bad and was not found
+5 min 2 s it does not run
+5 min 3 s x: something new
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What has not come yet is not told, and a watch of an older version has the grades of its responses.
func TestTimelineOfWhatIsKnown(t *testing.T) {
	began := testNow.Add(-time.Hour)
	e := wholeStory(began)
	if got := lines(timeline(e, began.Add(100*time.Second))); got != "−5 s github told of it, as 17\n+0 s the rollout of v4 began\n+1 min the rollout of v4 finished\n" {
		t.Errorf("what is still to come is told:\n%s", got)
	}
	e.Watches[0].Grades = nil
	if got := lines(timeline(e, testNow)); !strings.Contains(got, "+3 min 10 s rule red: certain: errors 0.5 % → 3.1 %\n") || strings.Contains(got, ": suspect") {
		t.Errorf("a watch without its grades:\n%s", got)
	}
	failed := wholeStory(began)
	failed.Change.Status = sources.Failed
	if got := lines(timeline(failed, testNow)); !strings.Contains(got, "the rollout of v4 failed") || strings.Contains(got, "finished") {
		t.Errorf("a failed rollout:\n%s", got)
	}
}
