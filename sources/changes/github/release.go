package github

import (
	"fmt"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// releaseDelivery holds the fields of a release event that are read.
type releaseDelivery struct {
	Action  string `json:"action"`
	Release struct {
		ID          int64     `json:"id"`
		Tag         string    `json:"tag_name"`
		Target      string    `json:"target_commitish"`
		Draft       bool      `json:"draft"`
		Prerelease  bool      `json:"prerelease"`
		URL         string    `json:"html_url"`
		Author      account   `json:"author"`
		PublishedAt time.Time `json:"published_at"`
	} `json:"release"`
	Repository struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
}

// releaseEvent is the event of a release that was published.
func (c Config) releaseEvent(d releaseDelivery) (sources.Event, error) {
	r := d.Release
	switch {
	case d.Repository.FullName == "":
		return sources.Event{}, changes.Bad("repository.full_name is missing")
	case r.ID <= 0:
		return sources.Event{}, changes.Bad("release.id is missing")
	case d.Action != "published":
		return sources.Event{}, changes.Ignored("the action of release is not published")
	case r.Draft || r.Prerelease:
		return sources.Event{}, changes.Ignored("drafts and pre-releases are not deployed")
	case r.Tag == "":
		return sources.Event{}, changes.Bad("release.tag_name is missing")
	case r.PublishedAt.IsZero():
		return sources.Event{}, changes.Bad("release.published_at is missing")
	}
	return sources.Event{
		EventID:  fmt.Sprintf("release:%d", r.ID),
		ChangeID: fmt.Sprintf("github:%s/releases/%d", d.Repository.FullName, r.ID),
		Status:   sources.Succeeded, At: r.PublishedAt.UTC(), Environment: c.ReleaseEnvironment, Version: r.Tag,
		Actor: r.Author.Login, URL: r.URL, Labels: withoutEmpty(map[string]string{"ref": r.Target}),
	}, nil
}
