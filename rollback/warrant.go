package rollback

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// Warrant is the leave to carry one order out, once. Its fields are closed so
// that only Permit makes a valid one; the zero Warrant is refused by every
// hook. It holds what a hook may know and nothing it could decide by.
type Warrant struct {
	order Order
	body  []byte
}

// Valid says whether Permit made this warrant.
func (w Warrant) Valid() bool { return w.order.Key != "" && len(w.body) > 0 }

// Key is the idempotency key: the key of the change, the same at every try.
func (w Warrant) Key() string { return w.order.Key }

// Order is the order as it was when permitted.
func (w Warrant) Order() Order { return w.order }

// Change is the change to roll back.
func (w Warrant) Change() sources.Change { return w.order.Change }

// Target is the version to go back to.
func (w Warrant) Target() string { return w.order.Target }

// Epoch is the slot's generation; a receiver may refuse one lower than it has
// already seen.
func (w Warrant) Epoch() int64 { return w.order.Epoch }

// Body is the JSON every hook is given: see Brief. The slice is the caller's.
func (w Warrant) Body() []byte { return append([]byte(nil), w.body...) }

// Brief is the JSON body a hook receives, by POST or on standard input. It is
// built here alone, so that every kind of hook says the same.
type Brief struct {
	Key      string              `json:"key"`
	Change   sources.Change      `json:"change"`
	Target   string              `json:"target_version"`
	Verdict  Summary             `json:"verdict"`
	Evidence []detector.Evidence `json:"evidence"` // one a signal
	Epoch    int64               `json:"epoch"`
}

// Summary is the verdict without its signals, which stand in Brief.Evidence.
type Summary struct {
	Rule    string           `json:"rule"`
	At      time.Time        `json:"at"`
	Outcome detector.Outcome `json:"outcome"`
	Grade   detector.Grade   `json:"grade"`
	Reason  detector.Reason  `json:"reason,omitempty"`
	Method  string           `json:"method"`
}

// encode writes the brief of an order under the verdict it was decided on. It
// fails where a number is no JSON number, NaN above all.
func encode(o Order, v detector.Verdict) ([]byte, error) {
	body, err := json.Marshal(Brief{
		Key: o.Key, Change: o.Change, Target: o.Target, Epoch: o.Epoch,
		Verdict:  Summary{Rule: v.Rule, At: v.At, Outcome: v.Outcome, Grade: v.Grade, Reason: v.Reason, Method: v.Method},
		Evidence: v.Signals,
	})
	if err != nil {
		return nil, fmt.Errorf("writing the verdict of order %s as JSON: %w", o.Key, err)
	}
	return body, nil
}
