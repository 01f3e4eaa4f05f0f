package alertmanager

import (
	"encoding/json"
	"flag"
	"maps"
	"strings"
	"testing"

	"github.com/pushback/pushback/notify/sendertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The messages that matter most, in this receiver's format.
func TestFormats(t *testing.T) {
	r := sendertest.NewReceiver(t, sendertest.Accept)
	sendertest.CheckFormats(t, newSender(t, r.URL), r, *update)
}

// An alert keeps its labels and its numbers through its life, whatever is said last: on its
// resolve, too.
func TestAlertKeepsItsNumbers(t *testing.T) {
	r := sendertest.NewReceiver(t, sendertest.Accept)
	sendertest.CheckFormats(t, newSender(t, r.URL), r, false)
	var first map[string]string
	for _, q := range r.Requests() {
		var got []alert
		if err := json.Unmarshal(q.Body, &got); err != nil {
			t.Fatal(err)
		}
		a := got[0]
		if first == nil {
			first = a.Labels
		}
		if !maps.Equal(a.Labels, first) || a.Annotations["runbook_url"] == "" || a.GeneratorURL == "" {
			t.Errorf("%s: labels %v, annotations %v", a.Annotations["summary"], a.Labels, a.Annotations)
		}
		text := a.Annotations["description"]
		if !strings.Contains(text, "errors 0.5 % → 3.1 % (+2.6 points, 95 % 1.9 to 3.4; certain") && !strings.Contains(text, "traffic 6000 → 12.5") {
			t.Errorf("%s: no numbers in %q", a.Annotations["summary"], text)
		}
	}
}
