// Package vercel reads Vercel's webhooks
// (https://vercel.com/docs/webhooks/webhooks-api).
//
//	type                                       to production   elsewhere
//	deployment.created                         ignored         started
//	deployment.succeeded, deployment.ready     ignored         succeeded
//	deployment.promoted                        succeeded       ignored
//	deployment.error, deployment.canceled      failed          failed
//	all others                                 ignored         ignored
//
// A deployment to production serves nobody before it is promoted, which Vercel does at once unless the project says
// otherwise. So the promotion is the change, and what is promoted again later, which is how people go back, is another
// one. With succeeded_is_end, production is treated as all else. deployment.rollback names two deployments
// and no commit, and is ignored.
package vercel

import (
	"cmp"
	"encoding/json"
	"net/http"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one Vercel team in pushback.yml.
type Config struct {
	webhook.Config `yaml:",inline"`
	// SucceededIsEnd takes a deployment to production, and not its promotion, for the change: for a webhook that does
	// not send deployment.promoted.
	SucceededIsEnd bool `yaml:"succeeded_is_end"`
}

// New checks the settings.
func New(o changes.Options, c Config) (*webhook.Source, error) {
	return webhook.New(o, c.Config, c.read, signature.HexHMACSHA1("X-Vercel-Signature"))
}

type delivery struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	CreatedAt json.RawMessage `json:"createdAt"` // milliseconds
	Payload   struct {
		Target *string `json:"target"` // null is a preview
		User   struct {
			ID string `json:"id"`
		} `json:"user"`
		Project struct {
			ID string `json:"id"`
		} `json:"project"`
		Deployment deployment `json:"deployment"`
		Links      struct {
			Deployment string `json:"deployment"`
		} `json:"links"`
	} `json:"payload"`
}

type deployment struct {
	ID   string                     `json:"id"`
	Name string                     `json:"name"`
	URL  string                     `json:"url"` // without a scheme
	Meta map[string]json.RawMessage `json:"meta"`
}

func (c Config) read(_ http.Header, body []byte) ([]sources.Event, error) {
	var d delivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	status, err := c.status(d)
	if err != nil {
		return nil, err
	}
	one := d.Payload.Deployment
	required := webhook.Required{{"id", d.ID}, {"payload.deployment.id", one.ID}, {"payload.deployment.name", one.Name}}
	if err := required.Check(); err != nil {
		return nil, err
	}
	at, err := webhook.Milliseconds("createdAt", d.CreatedAt)
	if err != nil {
		return nil, err
	}
	return []sources.Event{{
		EventID: webhook.ID("vercel", d.ID), ChangeID: d.change(), Status: status, At: at,
		Service: one.Name, Environment: d.target(), Version: cmp.Or(one.meta("CommitSha"), one.ID),
		Actor: cmp.Or(one.meta("CommitAuthorLogin"), one.meta("CommitAuthorName"), d.Payload.User.ID), URL: d.link(),
		Labels: webhook.Labels(map[string]string{"deployment": one.ID, "project": d.Payload.Project.ID, "branch": one.meta("CommitRef")}),
	}}, nil
}

// status maps the type; the package comment has the table.
func (c Config) status(d delivery) (sources.Status, error) {
	promotes := d.target() == "production" && !c.SucceededIsEnd
	switch d.Type {
	case "":
		return "", changes.Bad("type is missing")
	case "deployment.error", "deployment.canceled":
		return sources.Failed, nil
	case "deployment.promoted":
		if promotes {
			return sources.Succeeded, nil
		}
		return "", changes.Ignored("the deployment itself is the change here")
	case "deployment.created", "deployment.succeeded", "deployment.ready":
		if promotes {
			return "", changes.Ignored("the deployment serves nobody before deployment.promoted")
		}
		if d.Type == "deployment.created" {
			return sources.Started, nil
		}
		return sources.Succeeded, nil
	}
	return "", changes.Ignored("type neither begins nor ends a deployment")
}

// change is the promotion, or the deployment.
func (d delivery) change() string {
	if d.Type == "deployment.promoted" {
		return webhook.ID("vercel", d.Payload.Deployment.ID, d.ID)
	}
	return webhook.ID("vercel", d.Payload.Deployment.ID)
}

// target is Vercel's environment.
func (d delivery) target() string {
	if d.Payload.Target == nil || *d.Payload.Target == "" {
		return "preview"
	}
	return *d.Payload.Target
}

// link is the deployment's page at Vercel, or its own address.
func (d delivery) link() string {
	if link := webhook.Link(d.Payload.Links.Deployment); link != "" || d.Payload.Deployment.URL == "" {
		return link
	}
	return "https://" + d.Payload.Deployment.URL
}

// meta is what the git host said, whose name is before the key (githubCommitSha).
func (d deployment) meta(key string) string {
	for _, host := range []string{"github", "gitlab", "bitbucket"} {
		var text string
		if json.Unmarshal(d.Meta[host+key], &text) == nil && text != "" {
			return text
		}
	}
	return ""
}
