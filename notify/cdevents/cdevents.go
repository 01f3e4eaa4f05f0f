// Package cdevents tells any other program of regressions and rollbacks as CDEvents: each as a CloudEvent in structured
// mode, signed as in the Standard Webhooks specification, like the messages of notify/webhook.
//
//	dev.cdevents.incident.detected     a change was judged regressed
//	dev.cdevents.service.rolledback    Pushback's rollback of it was done
//	dev.cdevents.incident.resolved     after which the service was well again
//
// The incident's id is the key of the change. That a service was deployed is the deploy tool's to say, and of a change
// that did no harm there is no event: the specification has none. An event has the same id at every attempt.
//
// See https://github.com/cdevents/spec/blob/v0.5.1/continuous-operations.md, continuous-deployment.md and
// cloudevents-binding.md.
package cdevents

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
)

// Config is a report of kind cdevents in pushback.yml.
type Config struct {
	delivery.SignedConfig `yaml:",inline"`
}

// Reporter posts events. It is safe for concurrent use.
type Reporter struct{ signed *delivery.Signed }

// New checks the configuration, the secret included.
func New(c Config) (*Reporter, error) {
	signed, err := delivery.NewSigned("cdevents", c.SignedConfig)
	if err != nil {
		return nil, err
	}
	return &Reporter{signed}, nil
}

// source names Pushback in every event.
const source = "/pushback"

// The types of events, of version 0.5 of the specification.
const (
	detected   = "dev.cdevents.incident.detected.0.3.0"
	rolledBack = "dev.cdevents.service.rolledback.0.3.0"
	resolved   = "dev.cdevents.incident.resolved.0.3.0"
)

// Report posts the events that the report gives occasion to and that were not posted yet. Its remote is their
// types.
func (c *Reporter) Report(ctx context.Context, r notify.Report, remote string) (string, error) {
	posted := strings.Fields(remote)
	for _, e := range events(r.Truncated()) {
		if slices.Contains(posted, e.Type) {
			continue
		}
		if err := c.signed.Post(ctx, e); err != nil {
			return strings.Join(posted, " "), err
		}
		posted = append(posted, e.Type)
	}
	return strings.Join(posted, " "), nil
}

// event is the body of a CDEvent.
type event struct {
	Context    eventContext  `json:"context"`
	Subject    subject       `json:"subject"`
	CustomData notify.Report `json:"customData"`
	CustomType string        `json:"customDataContentType"`
}

type eventContext struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Timestamp   time.Time `json:"timestamp"`
}

type subject struct {
	ID      string  `json:"id"`
	Source  string  `json:"source"`
	Content content `json:"content"`
}

type content struct {
	Description string     `json:"description,omitempty"`
	Environment reference  `json:"environment"`
	Service     *reference `json:"service,omitempty"`
	ArtifactID  string     `json:"artifactId,omitempty"`
}

type reference struct {
	ID string `json:"id"`
}

// events are all events of a change so far, in their order.
func events(r notify.Report) (all []delivery.Event) {
	if r.Verdict != notify.Regressed {
		return nil
	}
	incident := content{
		Description: r.Title() + " " + r.Summary(), Environment: reference{r.Environment},
		Service: &reference{r.Service}, ArtifactID: artifact(r.Service, r.Version),
	}
	all = append(all, newEvent(r, detected, r.Key, incident, r.EndedAt))
	if r.RolledBack() {
		service := content{Environment: incident.Environment, ArtifactID: artifact(r.Service, r.Target)}
		all = append(all, newEvent(r, rolledBack, r.Service, service, r.OrderAt))
	}
	if r.Recovered {
		all = append(all, newEvent(r, resolved, r.Key, incident, r.EndedAt))
	}
	return all
}

// artifact is a package URL, which the specification requires of an artifact. What kind of artifact a version is,
// Pushback does not know.
func artifact(service, version string) string {
	if version == "" {
		return ""
	}
	if strings.HasPrefix(version, "pkg:") {
		return version
	}
	return "pkg:generic/" + url.QueryEscape(service) + "@" + url.QueryEscape(version)
}

func newEvent(r notify.Report, kind, id string, c content, at time.Time) delivery.Event {
	eventID := r.Key + "." + strings.Split(kind, ".")[3]
	return delivery.Event{
		ID: eventID, Source: source, Type: kind, Subject: id, Time: at,
		Data: event{
			Context: eventContext{SpecVersion: "0.5.1", ID: eventID, Source: source, Type: kind, Timestamp: at.UTC()},
			Subject: subject{ID: id, Source: source, Content: c}, CustomData: r, CustomType: "application/json",
		},
	}
}
