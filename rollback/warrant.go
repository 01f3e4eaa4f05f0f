package rollback

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// Warrant is the permission to carry out one order once. Its fields are not
// exported, so that only Permit makes a valid one; every hook refuses the zero
// Warrant. It holds what a hook needs to act, and nothing for it to decide on.
type Warrant struct {
	order Order
	body  []byte
}

// Valid reports whether Permit made this warrant.
func (w Warrant) Valid() bool { return w.order.Key != "" && len(w.body) > 0 }

// Key is the idempotency key: the key of the change, the same at every attempt.
func (w Warrant) Key() string { return w.order.Key }

// Order is the order as Permit checked it.
func (w Warrant) Order() Order { return w.order }

// Change is the change to roll back.
func (w Warrant) Change() sources.Change { return w.order.Change }

// Target is the version to go back to.
func (w Warrant) Target() string { return w.order.Target }

// Epoch counts the changes of the slot. A deploy tool may refuse an epoch lower
// than one it was sent before.
func (w Warrant) Epoch() int64 { return w.order.Epoch }

// Body returns a copy of the JSON document that every hook is given: a Brief.
func (w Warrant) Body() []byte { return append([]byte(nil), w.body...) }

// Brief is the JSON document that a hook sends by POST or gives a command on
// standard input. It is built in this package only, so that every kind of hook
// sends the same.
type Brief struct {
	Key      string              `json:"key"`
	Change   sources.Change      `json:"change"`
	Target   string              `json:"target_version"`
	Verdict  Summary             `json:"verdict"`
	Evidence []detector.Evidence `json:"evidence"` // one for each signal
	Epoch    int64               `json:"epoch"`
}

// Summary is the verdict without its signals, which are in Brief.Evidence.
type Summary struct {
	Rule    string           `json:"rule"`
	At      time.Time        `json:"at"`
	Outcome detector.Outcome `json:"outcome"`
	Grade   detector.Grade   `json:"grade"`
	Reason  detector.Reason  `json:"reason,omitempty"`
	Method  string           `json:"method"`
}

// encodeBrief returns the brief of an order as JSON, with the verdict that the
// order was decided on. It fails for a number that JSON cannot hold, such as NaN.
func encodeBrief(o Order, v detector.Verdict) ([]byte, error) {
	body, err := json.Marshal(Brief{
		Key: o.Key, Change: o.Change, Target: o.Target, Epoch: o.Epoch,
		Verdict:  Summary{Rule: v.Rule, At: v.At, Outcome: v.Outcome, Grade: v.Grade, Reason: v.Reason, Method: v.Method},
		Evidence: v.Signals,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding the verdict of order %s as JSON: %w", o.Key, err)
	}
	return body, nil
}
