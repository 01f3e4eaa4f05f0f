package messages

import (
	"fmt"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources"
)

// Remark says what a source found out about a change: text goes on from the change, as in "does not
// run 20m after ci reported it".
func (c Composer) Remark(key string, of sources.Change, text string, at time.Time) notify.Message {
	return notify.Message{
		Key: key + "/remark", Kind: "remark", Severity: notify.Warning, At: at, Link: c.Link(key),
		Title:  fmt.Sprintf("%s %s in %s %s", of.Service, of.What(), of.Environment, text),
		Action: "Look whether the deploy went through. Nothing is rolled back for this.",
		Fields: fields(of, ""), People: c.concerned(of),
	}
}
