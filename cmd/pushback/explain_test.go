package main

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/pushback/pushback/internal/server/api"
)

// TestExplainSaysWhatAnObservingRuleWouldHaveDone: also for entries of a time that kept no
// words.
func TestExplainSaysWhatAnObservingRuleWouldHaveDone(t *testing.T) {
	entry := func(action, detail string) api.Entry {
		return api.Entry{Actor: "rule red", Action: action, Detail: json.RawMessage(detail)}
	}
	got := unordered([]api.Entry{
		entry("respond", `{"told":["pager"]}`),
		entry("respond", `{"rollback":{"hook":"h","written":"act","ordered":true}}`),
		entry("respond", `{"rollback":{"hook":"h","written":"act","ordered":false,"said":"Nothing is done: the rule observes. It says act through hook h. Against it: a freeze."}}`),
		entry("respond", `{"rollback":{"hook":"h","written":"ask","ordered":false}}`),
		entry("move", `{"rollback":{"ordered":false}}`),
		entry("respond", ``),
	})
	want := []string{
		"rule red: Nothing is done: the rule observes. It says act through hook h. Against it: a freeze.",
		"rule red: Nothing is done. It says ask through hook h.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestExplainNamesTheMessageThatSpokeForOne: a message that was told with all others was not
// lost.
func TestExplainNamesTheMessageThatSpokeForOne(t *testing.T) {
	for want, m := range map[string]api.Message{
		"sent": {State: "sent"},
		"grouped: told with all others in fleet/h1/pager": {State: "grouped", GroupedIn: "fleet/h1/pager"},
	} {
		if got := messageState(m); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
