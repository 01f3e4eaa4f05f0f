package changes

import "net/http"

// Explainer is a Source that can say of each field of its events where it comes from, for
// whoever writes its settings.
type Explainer interface {
	// Explain reads a body as Parse does. Its error is the one of Parse.
	Explain(h http.Header, body []byte) ([]Origin, error)
}

// Origin is where one field of an event comes from.
type Origin struct {
	Event   int    `json:"event"`             // which of the body's events, from 0
	Field   string `json:"field"`             // as in sources.Event
	From    string `json:"from"`              // the expression, or what stands for it
	Gave    string `json:"gave,omitempty"`    // as JSON; cut when it is long
	Value   string `json:"value,omitempty"`   // of the event
	Problem string `json:"problem,omitempty"` // why there is no value
}
