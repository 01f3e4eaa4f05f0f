package api

import "time"

// Sources are the change sources, and what their deliveries came to.
type Sources struct {
	Sources []Source `json:"sources"`
}

// Source is one change source. Counts are of all replicas.
type Source struct {
	Name     string `json:"name"`
	Kind     string `json:"kind" doc:"The kind in pushback.yml; api for POST /v1/events"`
	Feed     bool   `json:"feed,omitempty" doc:"It fetches its changes; nobody sends anything to it"`
	Trouble  string `json:"trouble,omitempty" doc:"What keeps a feed from reading now"`
	Accepted int64  `json:"accepted"`
	Ignored  int64  `json:"ignored" doc:"Deliveries that report no change"`
	Refused  int64  `json:"refused" doc:"Deliveries that come from the tool, and could not be taken as they were"`
	Unsigned int64  `json:"unsigned" doc:"Requests that nothing proves to come from the tool"`

	Since         time.Time `json:"since,omitzero" doc:"From when on is counted; absent before the first delivery"`
	LastAccepted  time.Time `json:"last_accepted,omitzero"`
	LastIgnored   time.Time `json:"last_ignored,omitzero"`
	LastRefused   time.Time `json:"last_refused,omitzero"`
	LastUnsigned  time.Time `json:"last_unsigned,omitzero"`
	IgnoredReason string    `json:"ignored_reason,omitempty" doc:"Of the last that was ignored"`
	RefusedReason string    `json:"refused_reason,omitempty" doc:"Of the last that was refused"`
}

// Capture is whether bodies of a source that are not taken are kept, and those that were.
type Capture struct {
	Source string         `json:"source"`
	On     bool           `json:"on"`
	Begun  time.Time      `json:"begun_at,omitzero"`
	Ends   time.Time      `json:"ends_at,omitzero"`
	Actor  string         `json:"actor,omitempty" doc:"Who asked for it"`
	Bodies []CapturedBody `json:"bodies" doc:"The newest first, at most ten that were refused and ten that were ignored"`
}

// CapturedBody is one body that was not taken.
type CapturedBody struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome" enum:"refused,ignored"`
	Reason  string    `json:"reason"`
	Bytes   int64     `json:"bytes" doc:"How large it was"`
	Body    string    `json:"body" doc:"Without its secrets; JSON is written anew, with its keys in the order of the alphabet. What is longer than 128 KiB is cut"`
}

// CaptureOrder asks to keep the bodies of a source that are not taken, or to keep no more.
type CaptureOrder struct {
	On    bool   `json:"on"`
	Hours int    `json:"hours,omitempty" minimum:"1" maximum:"168" doc:"For how long; 24 by default"`
	Actor string `json:"actor,omitempty" maxLength:"200" doc:"Who asks for it"`
}
