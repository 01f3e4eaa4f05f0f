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
		ID      string `json:"id"`
		Content struct {
			ArtifactID  string `json:"artifactId"`
			Outcome     string `json:"outcome"`
			URI         string `json:"uri"`
			Environment struct {
				ID string `json:"id"`
			} `json:"environment"`
		} `json:"content"`
	} `json:"subject"`
	Custom json.RawMessage `json:"customData"` // any JSON
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
	var c custom
	_ = json.Unmarshal(v.Custom, &c) // customData may be anything
	switch subject, predicate := v.kind(); subject + "." + predicate {
	case "service.deployed", "service.upgraded", "service.rolledback":
		return v.service(c, predicate == "rolledback")
	case "pipelinerun.started":
		return v.pipelineRun(c, sources.Started)
	case "pipelinerun.finished":
		return v.pipelineRun(c, sources.Failed)
	}
	return sources.Event{}, changes.Ignored("context.type reports no deploy of a service")
}

// kind splits the type: dev.cdevents.service.deployed.0.3.0. Its version is not looked at, because
// the fields that are read have been the same in all.
func (v cdevent) kind() (subject, predicate string) {
	rest, _ := strings.CutPrefix(v.Context.Type, "dev.cdevents.")
	subject, rest, _ = strings.Cut(rest, ".")
	predicate, _, _ = strings.Cut(rest, ".")
	return subject, predicate
}

// service is the event of a deployed service.
func (v cdevent) service(c custom, rollback bool) (sources.Event, error) {
	content := v.Subject.Content
	if err := (webhook.Required{{"subject.id", v.Subject.ID}, {"subject.content.artifactId", content.ArtifactID}}).Check(); err != nil {
		return sources.Event{}, err
	}
	e := v.event(c, sources.Succeeded)
	e.Service, e.Version = cmp.Or(c.Service, v.Subject.ID), cmp.Or(c.Version, artifactVersion(content.ArtifactID))
	e.Environment = cmp.Or(c.Environment, content.Environment.ID)
	if rollback {
		e.RollbackOf = cmp.Or(c.RollbackOf, "unknown") // a rollback is never rolled back, whatever it undid
	}
	return e, nil
}

// pipelineRun is the event of a pipeline run that names the change that it makes.
func (v cdevent) pipelineRun(c custom, status sources.Status) (sources.Event, error) {
	switch {
	case c.Service == "" || c.Version == "" || c.ChangeID == "":
		return sources.Event{}, changes.Ignored("a pipeline run names no service: put service, environment, version and change_id into customData")
	case status == sources.Failed && v.Subject.Content.Outcome == "success":
		return sources.Event{}, changes.Ignored("service.deployed tells of a deploy that succeeded")
	}
	e := v.event(c, status)
	e.Service, e.Version, e.Environment, e.URL = c.Service, c.Version, c.Environment, webhook.Link(v.Subject.Content.URI)
	return e, nil
}

// event holds what all events have.
func (v cdevent) event(c custom, status sources.Status) sources.Event {
	id := webhook.ID(v.Context.Source, v.Context.ID)
	return sources.Event{
		EventID: id, ChangeID: cmp.Or(c.ChangeID, id), Status: status, At: v.Context.Timestamp.UTC(),
		Previous: c.Previous, RollbackOf: c.RollbackOf, Actor: c.Actor,
		Labels: webhook.Labels(map[string]string{"artifact": v.Subject.Content.ArtifactID, "chain": v.Context.ChainID}),
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
