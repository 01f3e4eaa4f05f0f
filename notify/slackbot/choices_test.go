package slackbot

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

// What people can do is a button for each command that the chat hears, once, also at the end of a thread; a command of a
// shell alone is none.
func TestChoiceButtons(t *testing.T) {
	m := sendertest.Message()
	m.Resolved = true
	m.Choices = []notify.Choice{
		{When: "If it was a false alarm", Shell: "pushback false-alarm k3y", Chat: "false-alarm", About: "k3y"},
		{When: "Again", Shell: "pushback false-alarm k3y", Chat: "false-alarm", About: "k3y"},
		{When: "To let rollbacks go on", Shell: "pushback release h1", Chat: "release", About: "h1"},
		{When: "To let it", Shell: "pushback rules promote red --service cart"},
	}
	shown := func(hears bool) (parent, reply string) {
		t.Helper()
		p := newPost(m, hears)
		one, err := json.Marshal(p.parent())
		if err != nil {
			t.Fatal(err)
		}
		other, err := json.Marshal(p.reply())
		if err != nil {
			t.Fatal(err)
		}
		return string(one), string(other)
	}
	parent, reply := shown(true)
	for button, n := range map[string]int{`"action_id":"pushback_false-alarm"`: 1, `"value":"h1"`: 1, `"text":"End hold h1"`: 1, `"confirm":{"title"`: 2, `"text":"False alarm?"`: 1, `"action_id"`: 2} {
		if got := strings.Count(parent, button); got != n {
			t.Errorf("%d times %s in %s", got, button, parent)
		}
	}
	if deaf, _ := shown(false); strings.Contains(deaf, "action_id") || strings.Contains(reply, "action_id") {
		t.Errorf("buttons that nobody hears, or in a reply: %s %s", deaf, reply)
	}
	for _, text := range []string{parent, reply} {
		if !strings.Contains(text, "To let it: pushback rules promote red --service cart") {
			t.Errorf("the command is not in %s", text)
		}
	}
}

// Of many facts none is left out: how often the rule was wrong comes last.
func TestManyFields(t *testing.T) {
	m := sendertest.Message()
	for len(m.Fields) < 14 {
		m.Fields = append(m.Fields, notify.Field{Name: "fact", Value: "x"})
	}
	m.Fields = append(m.Fields, notify.Field{Name: notify.RecordField, Value: "wrong 2 of 40 times"})
	body, err := json.Marshal(newPost(m, false).parent())
	if err != nil || !strings.Contains(string(body), "wrong 2 of 40 times") || strings.Count(string(body), `"type":"section"`) != 2 {
		t.Errorf("%v: %s", err, body)
	}
}
