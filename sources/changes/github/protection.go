package github

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/pushback/pushback/sources/changes"
)

// protectionRule is the event with which GitHub asks an app whether a deployment may go on; see
// docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/create-custom-protection-rules.
const protectionRule = "deployment_protection_rule"

type protectionDelivery struct {
	Action      string     `json:"action"`
	Environment string     `json:"environment"`
	Callback    string     `json:"deployment_callback_url"`
	Deployment  deployment `json:"deployment"`
	Repository  struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
}

// Question reads the delivery of a deployment that GitHub holds back. It needs no choice under events: GitHub sends
// it only to an app that somebody has made a rule of an environment.
func (s *Source) Question(h http.Header, body []byte) (*changes.Question, error) {
	if h.Get("X-GitHub-Event") != protectionRule {
		return nil, nil
	}
	var d protectionDelivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	return &changes.Question{
		Deployment: strconv.FormatInt(d.Deployment.ID, 10), Repository: d.Repository.FullName, Service: d.Repository.FullName,
		Environment: cmp.Or(s.config.Environments[d.Environment], d.Environment), ToolsWord: d.Environment,
		Version: d.Deployment.SHA, Callback: d.Callback,
	}, nil
}

func (d protectionDelivery) check() error {
	switch {
	case d.Action != "requested":
		return changes.Ignored("action is not requested")
	case !isRepository(d.Repository.FullName):
		return changes.Bad("repository.full_name is missing or malformed")
	case d.Environment == "":
		return changes.Bad("environment is missing")
	case d.Deployment.ID <= 0:
		return changes.Bad("deployment.id is missing")
	case d.Deployment.SHA == "":
		return changes.Bad("deployment.sha is missing")
	case d.Callback == "":
		return changes.Bad("deployment_callback_url is missing")
	}
	return nil
}
