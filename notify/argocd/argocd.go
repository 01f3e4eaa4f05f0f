// Package argocd writes the verdict on a change to its Application in Argo CD, as annotations that people see in
// the application's details and that `argocd app list --selector` and notifications can read:
//
//	pushback.dev/verdict   watching, healthy, regressed, inconclusive, blind, superseded
//	pushback.dev/change    the key of the change
//	pushback.dev/version   the version that was judged
//	pushback.dev/started-at  when the change began
//	pushback.dev/at        when the verdict was reached, or the change began (RFC 3339)
//	pushback.dev/summary   what happened, in a few words
//	pushback.dev/link      the page of the change
//
// They are written by Argo CD's API with a merge patch of metadata.annotations, which changes nothing else and starts no
// sync. The newest change of an application counts: a report about an older one does not replace it.
//
// See https://argo-cd.readthedocs.io/en/stable/developer-guide/api-docs/ (ApplicationService_Patch).
package argocd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
)

// ApplicationLabel is the label of a change that names its Application.
const ApplicationLabel = "application"

// Config is a report of kind argocd in pushback.yml.
type Config struct {
	URL          string                  `yaml:"url"`           // of Argo CD's server
	TokenFile    string                  `yaml:"token_file"`    // of an account with the rights applications get and update
	Application  string                  `yaml:"application"`   // with $service, $environment and $region; "": the change's label "application", else $service
	AppNamespace string                  `yaml:"app_namespace"` // where the application lives, if not with Argo CD
	Project      string                  `yaml:"project"`       // the application must be in this project; "": any
	HTTP         config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

// Reporter writes to one Argo CD. It is safe for concurrent use.
type Reporter struct {
	config Config
	api    *delivery.API
}

// New checks the settings, the token file included. It calls nobody.
func New(c Config) (*Reporter, error) {
	var errs []error
	for key, setting := range map[string]string{"application": c.Application, "app_namespace": c.AppNamespace, "project": c.Project} {
		if rest := fill(setting, "x", "x", "x"); strings.Contains(rest, "$") {
			errs = append(errs, fmt.Errorf("%s has a placeholder that there is not: $service, $environment and $region are known", key))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	api, err := delivery.NewAPI(delivery.APIOptions{Tool: "Argo CD", URL: c.URL, TokenFile: c.TokenFile, Scheme: "Bearer ", HTTP: c.HTTP})
	if err != nil {
		return nil, err
	}
	return &Reporter{c, api}, nil
}

func fill(setting, service, environment, region string) string {
	return strings.NewReplacer("$service", service, "$environment", environment, "$region", region).Replace(setting)
}

// plainName is a name in Kubernetes. It leads into the path of a URL.
var plainName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)

// application names one Application.
type application struct{ name, namespace, project string }

func (a *Reporter) application(r notify.Report) (application, error) {
	name := cmp.Or(a.config.Application, r.Labels[ApplicationLabel], "$service")
	if a.config.Application == "" && r.Labels[ApplicationLabel] != "" {
		name = strings.ReplaceAll(name, "$", "") // a label is no setting
	}
	filled := func(setting string) string { return fill(setting, r.Service, r.Environment, r.Region) }
	app := application{filled(name), filled(a.config.AppNamespace), filled(a.config.Project)}
	for _, one := range []string{app.name, cmp.Or(app.namespace, "x"), cmp.Or(app.project, "x")} {
		if !plainName.MatchString(one) || strings.Contains(one, "..") {
			return app, fmt.Errorf("%w: %q is no name of an application, namespace or project of Argo CD; `application` says which one a service has", notify.ErrPermanent, notify.Truncate(one, 100))
		}
	}
	return app, nil
}

const prefix = "pushback.dev/"

// annotations are all that are written; an empty one is removed.
func annotations(r notify.Report) map[string]*string {
	p := r.Truncated().Plain()
	at := r.StartedAt
	if !r.EndedAt.IsZero() {
		at = r.EndedAt
	}
	all := map[string]*string{}
	for name, value := range map[string]string{
		"verdict": string(r.Verdict), "change": r.Key, "version": p.Version, "at": at.UTC().Format(time.RFC3339),
		"started-at": r.StartedAt.UTC().Format(time.RFC3339), "summary": p.Title() + ": " + p.Summary(), "link": p.Link,
	} {
		all[prefix+name] = nil
		if value != "" {
			all[prefix+name] = &value
		}
	}
	return all
}

// patchRequest is Argo CD's ApplicationPatchRequest; patch is a JSON document as text.
type patchRequest struct {
	Name         string `json:"name"`
	AppNamespace string `json:"appNamespace,omitempty"`
	Project      string `json:"project,omitempty"`
	Patch        string `json:"patch"`
	PatchType    string `json:"patchType"`
}

// Report writes the annotations. Its remote is the patch that was written.
func (a *Reporter) Report(ctx context.Context, r notify.Report, remote string) (string, error) {
	app, err := a.application(r)
	if err != nil {
		return remote, err
	}
	patch, err := delivery.Encode("Argo CD", map[string]any{"metadata": map[string]any{"annotations": annotations(r)}})
	if err != nil || string(patch) == remote {
		return remote, err
	}
	newer, err := a.hasNewer(ctx, app, r)
	if err != nil || newer {
		return remote, err
	}
	request := patchRequest{app.name, app.namespace, app.project, string(patch), "merge"}
	if err := a.api.Call(ctx, http.MethodPatch, app.path(), request, nil); err != nil {
		return remote, fmt.Errorf("application %s: %w", app.name, err)
	}
	return string(patch), nil
}

func (app application) path() string { return "/api/v1/applications/" + url.PathEscape(app.name) }

// hasNewer reports whether the application has the verdict on a change that began later.
func (a *Reporter) hasNewer(ctx context.Context, app application, r notify.Report) (bool, error) {
	query := url.Values{}
	for key, value := range map[string]string{"appNamespace": app.namespace, "project": app.project} {
		if value != "" {
			query.Set(key, value)
		}
	}
	path := app.path()
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	var got struct {
		Metadata struct {
			Annotations map[string]json.RawMessage `json:"annotations"`
		} `json:"metadata"`
	}
	if err := a.api.Call(ctx, http.MethodGet, path, nil, &got); err != nil {
		return false, fmt.Errorf("application %s: %w", app.name, err)
	}
	var change, started string
	_ = json.Unmarshal(got.Metadata.Annotations[prefix+"change"], &change)
	_ = json.Unmarshal(got.Metadata.Annotations[prefix+"started-at"], &started)
	began, _ := time.Parse(time.RFC3339, started) // zero where the annotation is missing, or somebody's own
	return change != r.Key && began.After(r.StartedAt), nil
}
