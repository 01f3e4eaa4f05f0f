// Package envelope opens CloudEvents that come by HTTP (CloudEvents 1.0, HTTP Protocol Binding
// 1.0.2), in each of the three modes:
//
//	structured   Content-Type: application/cloudevents+json; the body is the event
//	batch        Content-Type: application/cloudevents-batch+json; the body is a list of them
//	binary       ce-… headers hold the context, the body is the data
//
// A body of application/json with a specversion is taken for structured, because some senders
// leave the type out. Data must be JSON.
//
// In binary mode the context is not part of the body, so a signature over the body would not
// cover it. Sources that use this package therefore authenticate by a token, which vouches
// for the whole request.
package envelope

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Event is one CloudEvent. Subject and Time may be empty.
type Event struct {
	ID      string
	Source  string
	Type    string
	Subject string
	Time    time.Time
	Data    []byte // JSON as it came; nil if there is none
}

// MaxBatch is how many events a batch may hold. Each is committed to disk, and senders wait no longer than
// some seconds.
const MaxBatch = 100

// structured is an event in JSON.
type structured struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        string          `json:"type"`
	Subject     string          `json:"subject"`
	Time        time.Time       `json:"time"`
	Data        json.RawMessage `json:"data"`
	Base64      json.RawMessage `json:"data_base64"`
}

// Is reports whether a delivery says that it is a CloudEvent.
func Is(h http.Header) bool {
	return len(h.Values("Ce-Specversion")) > 0 || strings.HasPrefix(mediaType(h), "application/cloudevents")
}

// Read returns the events of a delivery. An error is about the whole of it.
func Read(h http.Header, body []byte) ([]Event, error) {
	switch media := mediaType(h); {
	case media == "application/cloudevents-batch+json":
		return readBatch(body)
	case media != "application/cloudevents+json" && len(h.Values("Ce-Specversion")) > 0:
		return readBinary(h, body)
	}
	var s structured
	if err := changes.Decode(body, &s); err != nil {
		return nil, err
	}
	return single(s.event(""))
}

// single is the one event of a delivery.
func single(e Event, err error) ([]Event, error) {
	if err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

func mediaType(h http.Header) string {
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return media
}

// readBatch reads a list. It is put into an object, because bodies are checked as objects.
func readBatch(body []byte) ([]Event, error) {
	var batch struct {
		Events []structured `json:"events"`
	}
	if !json.Valid(body) { // so that the body cannot end the object that it is put into
		return nil, changes.Bad("body is not JSON")
	}
	if err := changes.Decode([]byte(`{"events":`+string(body)+`}`), &batch); err != nil {
		return nil, err
	}
	if n := len(batch.Events); n == 0 || n > MaxBatch {
		return nil, changes.Bad("the batch has %d events: send 1 to %d", n, MaxBatch)
	}
	events := make([]Event, 0, len(batch.Events))
	for i, s := range batch.Events {
		e, err := s.event("event " + strconv.Itoa(i+1) + " of the batch: ")
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// readBinary reads the context from the headers.
func readBinary(h http.Header, body []byte) ([]Event, error) {
	s := structured{Data: body}
	for name, field := range map[string]*string{
		"specversion": &s.SpecVersion, "id": &s.ID, "source": &s.Source, "type": &s.Type, "subject": &s.Subject,
	} {
		text, err := url.PathUnescape(signature.Once(h, "Ce-"+name))
		if err != nil || len(h.Values("Ce-"+name)) > 1 {
			return nil, changes.Bad("header ce-%s: send it once, percent-encoded", name)
		}
		*field = text
	}
	if text := signature.Once(h, "Ce-Time"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, changes.Bad("header ce-time is no time of RFC 3339")
		}
		s.Time = at
	}
	return single(s.event("header ce-"))
}

// event checks what every CloudEvent must have.
func (s structured) event(place string) (Event, error) {
	for _, field := range [][2]string{{"specversion", s.SpecVersion}, {"id", s.ID}, {"source", s.Source}, {"type", s.Type}} {
		if field[1] == "" {
			return Event{}, changes.Bad("%s%s is missing: every CloudEvent has one", place, field[0])
		}
	}
	if !strings.HasPrefix(s.SpecVersion, "1.") {
		return Event{}, changes.Bad("%sspecversion is not 1.0", place)
	}
	if len(s.Base64) > 0 {
		return Event{}, changes.Bad("%sdata_base64 is not read: send data as JSON", place)
	}
	return Event{s.ID, s.Source, s.Type, s.Subject, s.Time.UTC(), s.Data}, nil
}
