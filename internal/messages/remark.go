package messages

import (
	"fmt"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources"
)

// Remark says what a source found out about a change, such as that its version does not run.
func (c Composer) Remark(key string, of sources.Change, text string, at time.Time) notify.Message {
	return notify.Message{
		Key: key + "/remark", Kind: "remark", Severity: notify.Warning, At: at, Link: c.Link(key),
		Title:       fmt.Sprintf("%s %s in %s: look whether it was deployed", of.Service, of.What(), of.Environment),
		SignalLines: []string{text},
		Action:      "Nothing is rolled back for this.",
		Fields:      fields(of, ""),
	}
}
