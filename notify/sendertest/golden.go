package sendertest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushback/pushback/notify"
)

// important are the messages that matter most, as internal/messages composes them: its own
// test holds that this file is what they are now.
const important = "../../internal/messages/testdata/messages.json"

// CheckFormats sends the messages that matter most, and compares what the receiver gets with
// testdata/messages.golden, which it writes anew where update is true.
func CheckFormats(t *testing.T, s notify.Sender, r *Receiver, update bool) {
	t.Helper()
	var got strings.Builder
	for i, e := range importantMessages(t) {
		if err := s.Send(t.Context(), e.Message); err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		if err := json.Indent(&body, r.Requests()[i].Body, "", " "); err != nil {
			t.Fatal(err)
		}
		got.WriteString("## " + e.When + "\n" + r.Requests()[i].Path + "\n" + body.String() + "\n\n")
	}
	golden := filepath.Join("testdata", "messages.golden")
	if update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got.String() {
		t.Errorf("%s is another now: run with -update, and read the difference. Got:\n%s", golden, got.String())
	}
}

// sent is a message and when people get it.
type sent struct {
	When    string
	Message notify.Message
}

func importantMessages(t *testing.T) (all []sent) {
	t.Helper()
	text, err := os.ReadFile(important)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil || len(all) == 0 {
		t.Fatalf("%s: %d messages, %v", important, len(all), err)
	}
	return all
}
