// Package cdevents reads CDEvents (https://cdevents.dev), as a CloudEvent in any mode or as plain JSON.
//
//	context.type                              becomes
//	dev.cdevents.service.deployed.…           succeeded
//	dev.cdevents.service.upgraded.…           succeeded
//	dev.cdevents.service.rolledback.…         succeeded, and marked as a rollback
//	dev.cdevents.pipelinerun.started.…        started, if customData names the change
//	dev.cdevents.pipelinerun.finished.…       failed, if customData names the change and outcome is not success
//	all others                                ignored
//
// The specification has no type for a deploy that began or failed, and none that names the version before:
// the two of a pipeline run stand in, where customData has service, environment and version. Without them, set
// rollout, so that the time before the end counts as the rollout.
//
// The version is that of artifactId, a package URL (pkg:oci/cart@sha256%3A0b31…), and the whole of it where it has
// none. customData may name change_id; without it a change is the event, because nothing in the specification joins the
// events of one deploy and no others: a chain goes from the commit to every deploy of it.
package cdevents

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/envelope"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one sender of CDEvents in pushback.yml.
type Config struct {
	webhook.TokenConfig `yaml:",inline"`
}

// New checks the settings.
func New(o changes.Options, c Config) (*webhook.Source, error) {
	return webhook.NewToken(o, c.TokenConfig, read)
}

// cdevent is what is read of a CDEvent, from 0.3 on.
type cdevent struct {
	Context struct {
		ID        string    `json:"id"`
		Source    string    `json:"source"`
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		ChainID   string    `json:"chainId"`
	} `json:"context"`
	Subject struct {
		ID      string          `json:"id"`
		Content json.RawMessage `json:"content"` // read once the type is known, of which each has its own
	} `json:"subject"`
	Custom json.RawMessage `json:"customData"` // any JSON
}

// content is what is read of subject.content.
type content struct {
	ArtifactID  string `json:"artifactId"`
	Outcome     string `json:"outcome"`
	URI         string `json:"uri"`
	Environment struct {
		ID string `json:"id"`
	} `json:"environment"`
}

// custom is the part of customData that Pushback reads.
type custom struct {
	Service     string `json:"service"`
	Environment string `json:"environment"`
	Version     string `json:"version"`
	Previous    string `json:"previous"`
	ChangeID    string `json:"change_id"`
	RollbackOf  string `json:"rollback_of"`
	Actor       string `json:"actor"`
}

func read(h http.Header, body []byte) ([]sources.Event, error) {
	bodies := [][]byte{body}
	if envelope.Is(h) {
		envelopes, err := envelope.Read(h, body)
		if err != nil {
			return nil, err
		}
		bodies = bodies[:0]
		for _, one := range envelopes {
			bodies = append(bodies, one.Data)
		}
	}
	return readAll(bodies)
}

// readAll reads the events of one delivery, all or none. Those that report no change are left out, and all
// of them are an error that says why of the last one.
func readAll(bodies [][]byte) (events []sources.Event, ignored error) {
	for _, body := range bodies {
		e, err := readOne(body)
		switch {
		case errors.Is(err, changes.ErrIgnored):
			ignored = err
		case err != nil:
			return nil, err
		default:
			events = append(events, e)
		}
	}
	if len(events) > 0 {
		return events, nil
	}
	return nil, ignored
}

func readOne(body []byte) (sources.Event, error) {
	var v cdevent
	if err := changes.Decode(body, &v); err != nil {
		return sources.Event{}, err
	}
	if err := (webhook.Required{{"context.type", v.Context.Type}, {"context.id", v.Context.ID}, {"context.source", v.Context.Source}}).Check(); err != nil {
		return sources.Event{}, err
	}
	if v.Context.Timestamp.IsZero() {
		return sources.Event{}, changes.Bad("context.timestamp is missing")
	}
	read := map[string]func(content, custom) (sources.Event, error){
		"service.deployed": v.deployed, "service.upgraded": v.deployed, "service.rolledback": v.rolledBack,
		"pipelinerun.started": v.runStarted, "pipelinerun.finished": v.runFinished,
	}[v.kind()]
	if read == nil {
		return sources.Event{}, changes.Ignored("context.type reports no deploy of a service")
	}
	var known content
	if err := changes.Decode(v.Subject.Content, &known); err != nil {
		return sources.Event{}, changes.Bad("subject.content: %s", err)
	}
	var c custom
	_ = json.Unmarshal(v.Custom, &c) // customData may be anything
	return read(known, c)
}

// kind is subject and predicate of the type: service.deployed of dev.cdevents.service.deployed.0.3.0. Its version is
// not looked at, because the fields that are read have been the same in all.
func (v cdevent) kind() string {
	parts := strings.Split(v.Context.Type, ".")
	if len(parts) < 4 || parts[0] != "dev" || parts[1] != "cdevents" {
		return ""
	}
	return parts[2] + "." + parts[3]
}

// deployed is the event of a deployed service.
func (v cdevent) deployed(known content, c custom) (sources.Event, error) {
	if err := (webhook.Required{{"subject.id", v.Subject.ID}, {"subject.content.artifactId", known.ArtifactID}}).Check(); err != nil {
		return sources.Event{}, err
	}
	e := v.event(known, c, sources.Succeeded)
	e.Service, e.Version = cmp.Or(c.Service, v.Subject.ID), cmp.Or(c.Version, artifactVersion(known.ArtifactID))
	e.Environment = cmp.Or(c.Environment, known.Environment.ID)
	return e, nil
}

// rolledBack is the event of a service that was rolled back. A rollback is never rolled back, whatever it undid.
func (v cdevent) rolledBack(known content, c custom) (sources.Event, error) {
	c.RollbackOf = cmp.Or(c.RollbackOf, "unknown")
	return v.deployed(known, c)
}

func (v cdevent) runStarted(known content, c custom) (sources.Event, error) {
	return v.pipelineRun(known, c, sources.Started)
}

func (v cdevent) runFinished(known content, c custom) (sources.Event, error) {
	if known.Outcome == "success" {
		return sources.Event{}, changes.Ignored("service.deployed tells of a deploy that succeeded")
	}
	return v.pipelineRun(known, c, sources.Failed)
}

// pipelineRun is the event of a pipeline run that names the change that it makes.
func (v cdevent) pipelineRun(known content, c custom, status sources.Status) (sources.Event, error) {
	if c.Service == "" || c.Version == "" || c.ChangeID == "" {
		return sources.Event{}, changes.Ignored("a pipeline run names no service: put service, environment, version and change_id into customData")
	}
	e := v.event(known, c, status)
	e.Service, e.Version, e.Environment, e.URL = c.Service, c.Version, c.Environment, webhook.Link(known.URI)
	return e, nil
}

// event holds what all events have.
func (v cdevent) event(known content, c custom, status sources.Status) sources.Event {
	id := webhook.ID(v.Context.Source, v.Context.ID)
	return sources.Event{
		EventID: id, ChangeID: cmp.Or(c.ChangeID, id), Status: status, At: v.Context.Timestamp.UTC(),
		Previous: c.Previous, RollbackOf: c.RollbackOf, Actor: c.Actor,
		Labels: webhook.Labels(map[string]string{"artifact": known.ArtifactID, "chain": v.Context.ChainID}),
	}
}

// artifactVersion is the version of a package URL: pkg:type/namespace/name@version?qualifiers#subpath.
func artifactVersion(purl string) string {
	rest, _, _ := strings.Cut(purl, "#")
	rest, _, _ = strings.Cut(rest, "?")
	at := strings.LastIndex(rest, "@")
	if at < 0 || !strings.HasPrefix(purl, "pkg:") {
		return purl
	}
	version, err := url.PathUnescape(rest[at+1:])
	if err != nil || version == "" {
		return purl
	}
	return version
}
