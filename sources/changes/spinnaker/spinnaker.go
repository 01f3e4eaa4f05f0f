// Package spinnaker reads the events that Spinnaker's echo posts to its REST endpoints
// (https://spinnaker.io/docs/setup/other_config/features/notifications/#add-a-webhook-to-spinnaker).
//
//	details.type             becomes
//	orca:pipeline:starting   started
//	orca:pipeline:complete   succeeded
//	orca:pipeline:failed     failed
//	all others               ignored: stages and tasks are parts of a pipeline
//
// With `wrap: true` echo puts the event into payload; both forms are read. Its `template` and
// `flatten` change the form and are to be left out. A change is one execution. Spinnaker has no field for the version:
// it is the pipeline's parameter version, else the first of the trigger's artifact version, tag, commit and build
// number. The environment is the parameter environment.
package spinnaker

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one Spinnaker in pushback.yml.
type Config struct {
	webhook.TokenConfig `yaml:",inline"`
	Pipelines           webhook.Globs `yaml:"pipelines"` // those that deploy, by their names
}

// New checks the settings.
func New(o changes.Options, c Config) (*webhook.Source, error) {
	if err := c.Pipelines.Require("pipelines", "[deploy-*]"); err != nil {
		return nil, err
	}
	return webhook.NewToken(o, c.TokenConfig, c.read)
}

// delivery is an event of echo, or one that is wrapped.
type delivery struct {
	event
	Payload *event `json:"payload"`
}

type event struct {
	Details struct {
		Type        string          `json:"type"`
		Application string          `json:"application"`
		Created     json.RawMessage `json:"created"` // milliseconds
	} `json:"details"`
	Content struct {
		Execution execution `json:"execution"`
	} `json:"content"`
}

type execution struct {
	ID             string  `json:"id"`
	Name           string  `json:"name"`
	Status         string  `json:"status"`
	Trigger        trigger `json:"trigger"`
	Authentication struct {
		User string `json:"user"`
	} `json:"authentication"`
}

type trigger struct {
	User        string                     `json:"user"`
	Tag         string                     `json:"tag"`
	Hash        string                     `json:"hash"`
	BuildNumber int64                      `json:"buildNumber"`
	Parameters  map[string]json.RawMessage `json:"parameters"`
	Artifacts   []struct {
		Version string `json:"version"`
	} `json:"artifacts"`
}

// statuses are the types that begin or end a pipeline.
var statuses = map[string]sources.Status{
	"orca:pipeline:starting": sources.Started, "orca:pipeline:complete": sources.Succeeded, "orca:pipeline:failed": sources.Failed,
}

func (c Config) read(_ http.Header, body []byte) ([]sources.Event, error) {
	var d delivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	if d.Payload != nil {
		return c.readEvent(*d.Payload)
	}
	return c.readEvent(d.event)
}

func (c Config) readEvent(v event) ([]sources.Event, error) {
	run := v.Content.Execution
	if v.Details.Type == "" {
		return nil, changes.Bad("details.type is missing")
	}
	status, known := statuses[v.Details.Type]
	if !known {
		return nil, changes.Ignored("details.type is not that of a whole pipeline")
	}
	required := webhook.Required{{"details.application", v.Details.Application}, {"content.execution.id", run.ID}, {"content.execution.name", run.Name}}
	if err := required.Check(); err != nil {
		return nil, err
	}
	if !c.Pipelines.Match(run.Name) {
		return nil, changes.Ignored("pipelines names no pipeline of that name")
	}
	at, err := webhook.Milliseconds("details.created", v.Details.Created)
	if err != nil {
		return nil, err
	}
	return v.event(status, at)
}

func (v event) event(status sources.Status, at time.Time) ([]sources.Event, error) {
	run := v.Content.Execution
	version := run.Trigger.version()
	if version == "" {
		return nil, changes.Bad("content.execution.trigger names no version: give the pipeline a parameter version, or a trigger with an artifact, tag, hash or build number")
	}
	change := webhook.ID("spinnaker", run.ID)
	return []sources.Event{{
		EventID: change + ":" + string(status), ChangeID: change, Status: status, At: at,
		Service:     cmp.Or(run.Trigger.parameter("service"), v.Details.Application),
		Environment: run.Trigger.parameter("environment"), Version: version, Actor: cmp.Or(run.Authentication.User, run.Trigger.User),
		Labels: webhook.Labels(map[string]string{"application": v.Details.Application, "pipeline": run.Name}),
	}}, nil
}

// parameter is a parameter of the pipeline; "" if it is no text.
func (t trigger) parameter(name string) string {
	var text string
	_ = json.Unmarshal(t.Parameters[name], &text)
	return text
}

func (t trigger) version() string {
	artifact, build := "", ""
	for _, a := range t.Artifacts {
		artifact = cmp.Or(artifact, a.Version)
	}
	if t.BuildNumber > 0 {
		build = strconv.FormatInt(t.BuildNumber, 10)
	}
	return cmp.Or(t.parameter("version"), artifact, t.Tag, t.Hash, build)
}
