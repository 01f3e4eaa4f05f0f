package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
)

// DeploysConfig is a report of kind pagerduty in pushback.yml: a change event for every deploy, so that whoever is
// paged sees beside the incident what was deployed before it.
type DeploysConfig struct {
	Services     []Route                 `yaml:"services"`     // the first that matches counts; a service that none matches gets no events
	URL          string                  `yaml:"url"`          // "": DefaultURL; https://events.eu.pagerduty.com for EU accounts
	Unwatched    bool                    `yaml:"unwatched"`    // also of changes that no rule watches
	Kinds        []string                `yaml:"kinds"`        // of changes: deploy, config, flag, experiment; empty: all
	Environments []string                `yaml:"environments"` // empty: all
	HTTP         config.HTTPClientConfig `yaml:"http"`
}

// Route says which service of PagerDuty the changes of some of ours belong to.
type Route struct {
	Match          []string `yaml:"match"`            // globs of our services
	RoutingKeyFile string   `yaml:"routing_key_file"` // the integration key of PagerDuty's service, 32 characters
}

// SetDirectory resolves relative file names against dir.
func (c *DeploysConfig) SetDirectory(dir string) {
	for i := range c.Services {
		c.Services[i].RoutingKeyFile = config.JoinDir(dir, c.Services[i].RoutingKeyFile)
	}
	c.HTTP.SetDirectory(dir)
}

// Deploys sends change events. It is safe for concurrent use.
type Deploys struct {
	config DeploysConfig
	client *outbound.Client
}

// NewDeploys checks the configuration, the files of the routing keys included.
func NewDeploys(c DeploysConfig) (*Deploys, error) {
	if c.URL == "" {
		c.URL = DefaultURL
	}
	c.URL = strings.TrimRight(c.URL, "/")
	if err := outbound.CheckURL(c.URL); err != nil {
		return nil, err
	}
	if len(c.Services) == 0 {
		return nil, errors.New("services is missing: which routing key the changes of which services get, as services: [{match: [\"*\"], routing_key_file: secrets/pagerduty}]")
	}
	for i, r := range c.Services {
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("services[%d].%w", i, err)
		}
	}
	client, err := outbound.New(c.HTTP)
	return &Deploys{c, client}, err
}

func (r Route) check() error {
	if len(r.Match) == 0 {
		return errors.New("match is missing: globs of services, as [cart, shop-*]")
	}
	for _, glob := range r.Match {
		if _, err := path.Match(glob, ""); err != nil {
			return errors.New("match holds what is no pattern such as shop-*")
		}
	}
	if r.RoutingKeyFile == "" {
		return errors.New("routing_key_file is missing: a file that holds the routing key and nothing else")
	}
	if _, err := outbound.Secret(r.RoutingKeyFile); err != nil {
		return fmt.Errorf("routing_key_file: %w", err)
	}
	return nil
}

// Unwatched reports whether changes that no rule watches get an event, too.
func (d *Deploys) Unwatched() bool { return d.config.Unwatched }

// sent is the remote of a change whose event was taken. There is one event a change: PagerDuty updates none.
const sent = "sent"

// Report sends the change event, once.
func (d *Deploys) Report(ctx context.Context, r notify.Report, remote string) (string, error) {
	file := d.routeOf(r)
	if remote == sent || file == "" {
		return remote, nil
	}
	key, err := outbound.Secret(file)
	if err != nil {
		return remote, err
	}
	body, err := delivery.Encode(receiver, deployEvent(key, r.Truncated().Plain()))
	if err != nil {
		return remote, err
	}
	err = delivery.Post(ctx, d.client, delivery.Request{
		Receiver: receiver, URL: d.config.URL + "/v2/change/enqueue", Body: body, Secrets: []string{key},
	})
	if err != nil {
		return remote, err
	}
	return sent, nil
}

// routeOf is the file of the routing key for a change, "" where it gets no event.
func (d *Deploys) routeOf(r notify.Report) string {
	if !among(d.config.Kinds, string(r.Kind)) || !among(d.config.Environments, r.Environment) {
		return ""
	}
	for _, route := range d.config.Services {
		for _, glob := range route.Match {
			if matched, err := path.Match(glob, r.Service); matched && err == nil || glob == "*" {
				return route.RoutingKeyFile
			}
		}
	}
	return ""
}

// among reports whether a list names a word; an empty one names all.
func among(list []string, word string) bool {
	for _, one := range list {
		if one == word {
			return true
		}
	}
	return len(list) == 0
}

// deployEvent is the event of a change. It says what is known when the change begins, and no verdict: nobody would
// correct it.
func deployEvent(key string, r notify.Report) change {
	details := map[string]any{"service": r.Service, "environment": r.Environment, "kind": string(r.Kind), "change": r.Key}
	for name, value := range map[string]string{"version": r.Version, "region": r.Region} {
		if value != "" {
			details[name] = value
		}
	}
	p := payload{Summary: notify.Truncate(r.Title(), maxSummary), Source: r.Service, Timestamp: r.StartedAt.UTC(), Details: details}
	var all []link
	if r.Link != "" {
		all = append(all, link{Href: r.Link, Text: "The change in Pushback"})
	}
	return change{RoutingKey: key, Payload: p, Links: all}
}

// maxSummary is how long PagerDuty lets a summary be.
const maxSummary = 1024
