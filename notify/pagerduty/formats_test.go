package pagerduty

import (
	"flag"
	"testing"

	"github.com/pushback/pushback/notify/sendertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The messages that matter most, in this receiver's format.
func TestFormats(t *testing.T) {
	r := sendertest.NewReceiver(t, sendertest.Accept)
	sendertest.CheckFormats(t, newSender(t, r.URL, false), r, *update)
}
