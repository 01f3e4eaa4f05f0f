// Package octopus reads the webhooks of Octopus Deploy's subscriptions
// (https://octopus.com/docs/administration/managing-infrastructure/subscriptions).
//
//	Payload.Event.Category   becomes
//	DeploymentStarted        started
//	DeploymentSucceeded      succeeded
//	DeploymentFailed         failed
//	all others               ignored
//
// An event names its documents by ids (Projects-4522). Their names stand in Message only, at the places that
// MessageReferences gives in UTF-16 units; where they do not, the id stands for the name, and an alias can
// map it. A tenant becomes the region, because each tenant runs a version of its own.
//
// Octopus looks for events every 30 seconds, so that they come late; they have the time of when they happened.
package octopus

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one Octopus in pushback.yml.
type Config struct {
	webhook.TokenConfig `yaml:",inline"`
}

// New checks the settings.
func New(o changes.Options, c Config) (*webhook.Source, error) {
	return webhook.NewToken(o, c.TokenConfig, read)
}

// delivery is a SubscriptionPayload.
type delivery struct {
	Payload struct {
		ServerURI string `json:"ServerUri"`
		Event     event  `json:"Event"`
	} `json:"Payload"`
}

type event struct {
	ID                 string      `json:"Id"`
	Category           string      `json:"Category"`
	Message            string      `json:"Message"`
	MessageReferences  []reference `json:"MessageReferences"`
	RelatedDocumentIDs []string    `json:"RelatedDocumentIds"`
	Occurred           time.Time   `json:"Occurred"`
	SpaceID            string      `json:"SpaceId"`
	Username           string      `json:"Username"`
}

// reference is the place of a document's name in the message, in UTF-16 units.
type reference struct {
	Document string `json:"ReferencedDocumentId"`
	Start    int    `json:"StartIndex"`
	Length   int    `json:"Length"`
}

// categories are those that begin or end a deployment.
var categories = map[string]sources.Status{
	"DeploymentStarted": sources.Started, "DeploymentSucceeded": sources.Succeeded, "DeploymentFailed": sources.Failed,
}

func read(_ http.Header, body []byte) ([]sources.Event, error) {
	var d delivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	v := d.Payload.Event
	if v.Category == "" {
		return nil, changes.Bad("Payload.Event.Category is missing")
	}
	status, known := categories[v.Category]
	if !known {
		return nil, changes.Ignored("the category neither begins nor ends a deployment")
	}
	return d.event(status)
}

func (d delivery) event(status sources.Status) ([]sources.Event, error) {
	v := d.Payload.Event
	deployment, project, release := v.id("Deployments-"), v.name("Projects-"), v.name("Releases-")
	required := webhook.Required{
		{"Payload.Event.Id", v.ID},
		{"Payload.Event.RelatedDocumentIds: a Deployments- id", deployment},
		{"Payload.Event.RelatedDocumentIds: a Projects- id", project},
		{"Payload.Event.RelatedDocumentIds: a Releases- id", release},
	}
	if err := required.Check(); err != nil {
		return nil, err
	}
	if v.Occurred.IsZero() {
		return nil, changes.Bad("Payload.Event.Occurred is missing")
	}
	return []sources.Event{{
		EventID: webhook.ID("octopus", v.SpaceID, v.ID), ChangeID: webhook.ID("octopus", v.SpaceID, deployment), Status: status, At: v.Occurred.UTC(),
		Service: project, Environment: v.name("Environments-"), Region: v.name("Tenants-"), Version: release,
		Actor: v.actor(), URL: d.link(deployment),
		Labels: webhook.Labels(map[string]string{"space": v.SpaceID, "project": v.id("Projects-"), "release": v.id("Releases-"), "channel": v.id("Channels-")}),
	}}, nil
}

// id is the first related document of a kind.
func (v event) id(kind string) string {
	for _, id := range v.RelatedDocumentIDs {
		if strings.HasPrefix(id, kind) {
			return id
		}
	}
	return ""
}

// name is the name of the first related document of a kind, and its id where the message has none.
func (v event) name(kind string) string {
	id := v.id(kind)
	i := slices.IndexFunc(v.MessageReferences, func(r reference) bool { return r.Document == id })
	if i < 0 {
		return id
	}
	r, units := v.MessageReferences[i], utf16.Encode([]rune(v.Message))
	if r.Start < 0 || r.Length <= 0 || r.Start > len(units) || r.Length > len(units)-r.Start {
		return id
	}
	return cmp.Or(strings.TrimSpace(string(utf16.Decode(units[r.Start:r.Start+r.Length]))), id)
}

// actor is who deployed; system is nobody.
func (v event) actor() string {
	if v.Username == "system" {
		return ""
	}
	return v.Username
}

// link is the deployment's page.
func (d delivery) link(deployment string) string {
	if d.Payload.ServerURI == "" || d.Payload.Event.SpaceID == "" {
		return ""
	}
	return webhook.Link(strings.TrimSuffix(d.Payload.ServerURI, "/") + "/app#/" + d.Payload.Event.SpaceID + "/deployments/" + deployment)
}
