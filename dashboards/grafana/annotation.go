package grafana

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"time"
)

// Annotation is a region on every graph that asks for its tags: a change, from
// its start to the verdict.
type Annotation struct {
	Tag          string    // unique to this annotation; how it is found again
	RemoteID     int64     // Grafana's id; 0 where it is not known
	From, To     time.Time // To is zero while nothing is decided: a point
	Text         string    // plain, lines separated by newlines
	Tags         []string  // beside Tag: service, environment, verdict
	DashboardUID string    // "": the organisation's, shown on any board
}

// The bounds of what Grafana is sent; it keeps tags of up to 100 characters.
const (
	maxText = 4000
	maxTag  = 100
)

// document is the body of POST and PATCH. Times are milliseconds since 1970.
type document struct {
	DashboardUID string   `json:"dashboardUID,omitempty"`
	Time         int64    `json:"time"`
	TimeEnd      int64    `json:"timeEnd,omitempty"`
	Tags         []string `json:"tags"`
	Text         string   `json:"text"`
}

func (a Annotation) document() document {
	d := document{
		DashboardUID: a.DashboardUID, Time: a.From.UnixMilli(), Tags: a.tags(), Text: a.markup(),
	}
	if !a.To.IsZero() {
		d.TimeEnd = a.To.UnixMilli()
	}
	return d
}

// tags has the unique one first. Grafana splits none and trims all.
func (a Annotation) tags() []string {
	tags := []string{a.Tag}
	for _, tag := range a.Tags {
		if tag = strings.TrimSpace(tag); tag != "" && len(tag) <= maxTag && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// markup makes the text safe for Grafana, which renders it as HTML. It
// sanitises what it renders, but a version is no place for a link either.
func (a Annotation) markup() string {
	text := strings.ToValidUTF8(a.Text, "")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return html.EscapeString(text)
}

func (a Annotation) check() error {
	if a.Tag == "" || len(a.Tag) > maxTag || strings.TrimSpace(a.Tag) != a.Tag {
		return fmt.Errorf("%w: the unique tag %q must have 1 to %d characters", ErrPermanent, a.Tag, maxTag)
	}
	return nil
}
