package web

import (
	"io"
	"time"
)

// Sources is the page that says what the deliveries of each source came to.
type Sources struct {
	Frame
	Sources []Source
}

// Source is one change source, in one line.
type Source struct {
	Name, Kind                           string
	Trouble                              string    // what keeps a feed from reading; "" if nothing does
	Last                                 time.Time // when the last delivery was taken; zero: none
	Accepted, Ignored, Refused, Unsigned int64
	Reason                               string // why the last one was not taken
	ReasonAt                             time.Time
}

// Sources writes the page of sources.
func (p *Pages) Sources(w io.Writer, s Sources) error { return p.write(w, "sources", &s.Frame, &s) }
