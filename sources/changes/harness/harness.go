// Package harness reads Harness's webhook notifications of pipelines
// (https://developer.harness.io, "Configure notifications"; their bodies are the templates in
// https://github.com/harness/harness-schema/tree/main/cdevents). They look like CDEvents and are none: the
// version's field has another name and times are milliseconds.
//
//	context.type                             outcome    becomes
//	dev.cdevents.pipelinerun.started.…                  started
//	dev.cdevents.pipelinerun.finished.…      success    succeeded
//	dev.cdevents.pipelinerun.finished.…      any other  failed
//	all others                                          ignored
//
// context.id is that of the execution in both, so that the event's id is made of it and the status. The
// template may be extended: customData.service, customData.environment and customData.version are read. Without a version
// it is the execution's id, because a deploy must have one.
package harness

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one Harness in pushback.yml.
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

// notification is what the templates write.
type notification struct {
	Context struct {
		ID        string          `json:"id"`
		Type      string          `json:"type"`
		Timestamp json.RawMessage `json:"timestamp"` // milliseconds
	} `json:"context"`
	Subject struct {
		ID      string `json:"id"`
		Content struct {
			PipelineName string `json:"pipelineName"`
			URI          string `json:"uri"`
			Outcome      string `json:"outcome"`
		} `json:"content"`
	} `json:"subject"`
	Custom struct {
		OrgID       string `json:"orgId"`
		ProjectID   string `json:"projectId"`
		TriggeredBy string `json:"triggeredBy"`
		ExecutionID string `json:"executionId"`
		Service     string `json:"service"`     // added by people, as the next two
		Environment string `json:"environment"` //
		Version     string `json:"version"`     //
	} `json:"customData"`
}

func (c Config) read(_ http.Header, body []byte) ([]sources.Event, error) {
	var n notification
	if err := changes.Decode(body, &n); err != nil {
		return nil, err
	}
	status, err := n.status()
	if err != nil {
		return nil, err
	}
	content, run := n.Subject.Content, cmp.Or(n.Custom.ExecutionID, n.Context.ID)
	if err := (webhook.Required{{"subject.content.pipelineName", content.PipelineName}, {"customData.executionId", run}}).Check(); err != nil {
		return nil, err
	}
	if !c.Pipelines.Match(content.PipelineName) {
		return nil, changes.Ignored("pipelines names no pipeline of that name")
	}
	at, err := webhook.Milliseconds("context.timestamp", n.Context.Timestamp)
	if err != nil {
		return nil, err
	}
	change := webhook.ID("harness", run)
	return []sources.Event{{
		EventID: change + ":" + string(status), ChangeID: change, Status: status, At: at,
		Service: cmp.Or(n.Custom.Service, content.PipelineName), Environment: n.Custom.Environment, Version: cmp.Or(n.Custom.Version, run),
		Actor: n.Custom.TriggeredBy, URL: webhook.Link(content.URI),
		Labels: webhook.Labels(map[string]string{"pipeline": content.PipelineName, "organisation": n.Custom.OrgID, "project": n.Custom.ProjectID}),
	}}, nil
}

// status maps type and outcome; the package comment has the table.
func (n notification) status() (sources.Status, error) {
	switch kind := n.Context.Type; {
	case kind == "":
		return "", changes.Bad("context.type is missing")
	case strings.HasPrefix(kind, "dev.cdevents.pipelinerun.started."):
		return sources.Started, nil
	case !strings.HasPrefix(kind, "dev.cdevents.pipelinerun.finished."):
		return "", changes.Ignored("context.type is neither the start nor the end of a pipeline")
	}
	switch n.Subject.Content.Outcome {
	case "":
		return "", changes.Bad("subject.content.outcome is missing")
	case "success":
		return sources.Succeeded, nil
	}
	return sources.Failed, nil
}
