// Package argoapps finds notifications of Argo CD that were lost, by its API (GET
// /api/v1/applications; argo-cd.readthedocs.io, swagger at /swagger-ui of each server).
//
// The change source of Argo CD needs one line for it: its New returns With(source, c.API). What
// the API says of an application is written as the body that the shipped notification template
// makes of it, and read by the source's own Parse, so that both tell the same events.
package argoapps

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/internal/ask"
)

// Config is how an argocd source in pushback.yml asks Argo CD.
type Config struct {
	TokenFile string                  `yaml:"token_file"` // a token with applications, get; without it, Argo CD is asked nothing
	APIURL    string                  `yaml:"api_url"`    // https://argocd.example.org
	Projects  []string                `yaml:"projects"`   // of Argo CD, whose applications are asked for; by default all
	HTTP      config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

// maxAnswer is the size of the largest list of applications, in bytes. With the fields that are
// asked for, an application takes some three kilobytes.
const maxAnswer = 16 << 20

// Source is a source of Argo CD that can also be asked. It is a changes.Lister.
type Source struct {
	changes.Source
	config Config
	api    *ask.API // nil without a token
}

// With makes a source of Argo CD one that can be asked.
func With(s changes.Source, c Config) (*Source, error) {
	if c.TokenFile == "" {
		if c.APIURL != "" || len(c.Projects) > 0 {
			return nil, errors.New("token_file is missing: lost notifications are looked for by API")
		}
		return &Source{Source: s}, nil
	}
	api, err := ask.New(ask.Options{
		Tool: "Argo CD", URL: c.APIURL, TokenFile: c.TokenFile, Auth: "Authorization", Scheme: "Bearer ", MaxAnswer: maxAnswer, HTTP: c.HTTP,
	})
	return &Source{s, c, api}, err
}

// fields are what is asked for of each application. The list of an application's resources, which is
// most of it, is left out.
var fields = []string{
	"metadata.uid", "metadata.name", "metadata.namespace", "metadata.labels", "spec.project", "spec.destination",
	"status.health", "status.history", "status.summary.images", "status.operationState.phase", "status.operationState.startedAt",
	"status.operationState.finishedAt", "status.operationState.operation.initiatedBy", "status.operationState.syncResult.revision",
	"status.operationState.syncResult.revisions",
}

// Recent lists the sync operations that began, ended or changed their application's health since a
// time, as notifications. Of an operation that another one followed, the history tells only that
// it was there: it is told as one that began.
func (s *Source) Recent(ctx context.Context, since time.Time) (all []changes.Delivery, err error) {
	if s.api == nil {
		return nil, changes.ErrNoAPI
	}
	var list struct {
		Items []application `json:"items"`
	}
	if err := s.api.Get(ctx, "/api/v1/applications?"+s.query(), &list); err != nil {
		return nil, err
	}
	for _, app := range list.Items {
		for _, n := range app.notifications(since) {
			all = append(all, s.delivery(n)...)
		}
	}
	slices.SortStableFunc(all, func(a, b changes.Delivery) int { return a.Events[0].At.Compare(b.Events[0].At) })
	return all, nil
}

func (s *Source) query() string {
	q := url.Values{"projects": s.config.Projects}
	all := make([]string, len(fields))
	for i, field := range fields {
		all[i] = "items." + field
	}
	q.Set("fields", strings.Join(all, ","))
	return q.Encode()
}

// delivery reads a notification as if it had come. What Parse ignores reports no change yet.
func (s *Source) delivery(n notification) []changes.Delivery {
	body, err := json.Marshal(n)
	if err != nil {
		return nil
	}
	events, err := s.Parse(http.Header{}, body)
	if err != nil || len(events) == 0 {
		return nil
	}
	return []changes.Delivery{{Events: events, Raw: body}}
}
