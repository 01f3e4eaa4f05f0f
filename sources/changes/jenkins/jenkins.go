// Package jenkins reads what Jenkins's CloudEvents plugin sends
// (https://plugins.jenkins.io/cloudevents). A step of the pipeline that calls POST /v1/events
// tells more and is described in docs/sources.md.
//
//	build.phase            build.status                 becomes
//	STARTED                                             started
//	COMPLETED, FINALIZED   SUCCESS, UNSTABLE            succeeded
//	COMPLETED, FINALIZED   FAILURE, FAILED, ABORTED     failed
//	COMPLETED, FINALIZED   NOT_BUILT                    ignored
//	(no build: ce-type is of the queue, a node, …)      ignored
//
// The phase is read and not ce-type, whose "finalzed" is misspelt by the plugin and may be corrected. A
// change is one build: the job and its number. A build tells its end two or three times, which is one
// event.
//
// Version, environment and service are parameters of the build (VERSION, ENVIRONMENT, SERVICE, in any
// case), because Jenkins has no field for them. Without VERSION the version is the commit, or else the number of the
// build.
package jenkins

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/envelope"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one Jenkins in pushback.yml.
type Config struct {
	webhook.TokenConfig `yaml:",inline"`
	Jobs                webhook.Globs `yaml:"jobs"` // those that deploy, by their names
}

// New checks the settings.
func New(o changes.Options, c Config) (*webhook.Source, error) {
	if err := c.Jobs.Require("jobs", "[deploy-*]"); err != nil {
		return nil, err
	}
	return webhook.NewToken(o, c.TokenConfig, c.read)
}

// job is the data of an event of a job.
type job struct {
	UserName    string `json:"userName"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
	URL         string `json:"url"` // job/folder/job/name/
	Build       *build `json:"build"`
}

type build struct {
	FullURL    string                     `json:"fullUrl"`
	Number     int64                      `json:"number"`
	Timestamp  json.RawMessage            `json:"timestamp"` // of the phase, in milliseconds
	Phase      string                     `json:"phase"`
	Status     string                     `json:"status"`
	Parameters map[string]json.RawMessage `json:"parameters"`
	SCM        struct {
		Branch string `json:"branch"`
		Commit string `json:"commit"`
	} `json:"scmState"`
}

func (c Config) read(h http.Header, body []byte) ([]sources.Event, error) {
	data, kind, err := open(h, body)
	if err != nil {
		return nil, err
	}
	var j job
	if err := changes.Decode(data, &j); err != nil {
		return nil, err
	}
	if j.Build == nil && strings.HasPrefix(kind, "org.jenkinsci.") {
		return nil, changes.Ignored("the event is not about a build")
	}
	if err := j.check(); err != nil {
		return nil, err
	}
	if !c.Jobs.Match(j.Name) && !c.Jobs.Match(j.DisplayName) {
		return nil, changes.Ignored("jobs names no job of that name")
	}
	return j.events()
}

// open returns the data of the event, which an HTTP sink gets in binary mode.
func open(h http.Header, body []byte) (data []byte, kind string, err error) {
	if !envelope.Is(h) {
		return body, "", nil
	}
	events, err := envelope.Read(h, body)
	if err != nil {
		return nil, "", err
	}
	if len(events) != 1 {
		return nil, "", changes.Bad("the body is a batch: the plugin sends one event at a time")
	}
	return events[0].Data, events[0].Type, nil
}

func (j job) check() error {
	if j.Build == nil {
		return changes.Bad("build is missing")
	}
	if j.Build.Number <= 0 {
		return changes.Bad("build.number is missing")
	}
	return (webhook.Required{{"name", j.Name}, {"build.phase", j.Build.Phase}}).Check()
}

func (j job) events() ([]sources.Event, error) {
	status, err := j.Build.eventStatus()
	if err != nil {
		return nil, err
	}
	at, err := webhook.Milliseconds("build.timestamp", j.Build.Timestamp)
	if err != nil {
		return nil, err
	}
	number := strconv.FormatInt(j.Build.Number, 10)
	change := webhook.ID("jenkins", cmp.Or(strings.Trim(j.URL, "/"), j.Name), number)
	return []sources.Event{{
		EventID: change + ":" + string(status), ChangeID: change, Status: status, At: at,
		Service: cmp.Or(j.Build.parameter("service"), j.Name), Environment: j.Build.parameter("environment"),
		Version: cmp.Or(j.Build.parameter("version"), j.Build.SCM.Commit, number), Actor: j.actor(), URL: webhook.Link(j.Build.FullURL),
		Labels: webhook.Labels(map[string]string{"job": j.Name, "build": number, "branch": j.Build.SCM.Branch}),
	}}, nil
}

// eventStatus maps phase and status; the package comment has the table.
func (b build) eventStatus() (sources.Status, error) {
	switch b.Phase {
	case "STARTED":
		return sources.Started, nil
	case "COMPLETED", "FINALIZED":
	case "QUEUED":
		return "", changes.Ignored("the build waits in the queue")
	default:
		return "", changes.Bad("build.phase is none of Jenkins's phases")
	}
	switch b.Status {
	case "SUCCESS", "UNSTABLE":
		return sources.Succeeded, nil
	case "FAILURE", "FAILED", "ABORTED":
		return sources.Failed, nil
	case "NOT_BUILT":
		return "", changes.Ignored("nothing was built")
	}
	return "", changes.Bad("build.status is none of Jenkins's results")
}

// parameter is a parameter of the build; "" if it is no text.
func (b build) parameter(name string) string {
	for key, value := range b.Parameters {
		var text string
		if strings.EqualFold(key, name) && json.Unmarshal(value, &text) == nil {
			return text
		}
	}
	return ""
}

// actor is who started the build. SYSTEM is nobody.
func (j job) actor() string {
	if j.UserName == "SYSTEM" {
		return ""
	}
	return j.UserName
}
