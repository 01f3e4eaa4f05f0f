// Package grafana draws changes onto Grafana's graphs: one annotation a
// change, updated in place as the verdict forms.
//
// Grafana's annotation API has no idempotency key, which is the one trap: a
// POST whose answer was lost may have been stored. Every annotation therefore
// carries a tag of its own, and an annotation whose id is not known is looked
// for by that tag before it is posted. What is found is patched.
//
// The API under /api is the one that every Grafana since 5 answers, and the default; Grafana calls it
// deprecated. In the newer one, /apis/annotation.grafana.app, the client chooses an annotation's name,
// so that nothing has to be looked for; it is an alpha, which not every Grafana serves (api: apis).
// See https://grafana.com/docs/grafana/latest/developers/http_api/annotations/.
package grafana

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
)

// ErrPermanent is wrapped where Grafana finds fault with the annotation
// itself, so that trying again cannot help. Any other error may pass.
var ErrPermanent = errors.New("permanent")

// errExists says that an annotation of the chosen name is there already.
var errExists = errors.New("exists")

// errGone says that the annotation of a known id is no more.
var errGone = errors.New("gone")

// Config is the section grafana of pushback.yml.
type Config struct {
	URL       string                  `yaml:"url"`        // the base, with the sub-path where there is one
	TokenFile string                  `yaml:"token_file"` // a service account's token; needs annotations:create, write and read
	OrgID     int64                   `yaml:"org_id"`     // 0: the token's own
	API       string                  `yaml:"api"`        // annotations, or apis; see the package
	Namespace string                  `yaml:"namespace"`  // of apis: default, org-N or stacks-N; by default that of org_id
	Dashboard string                  `yaml:"dashboard"`  // uid of the dashboard that pages link to, whose variables are service and environment; "": no links
	HTTP      config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

// The two APIs.
const (
	annotationsAPI = "annotations"
	resourcesAPI   = "apis"
)

// Client draws on one Grafana. It is safe for concurrent use, but two Puts of
// one tag at once may post twice: the caller keeps them apart.
type Client struct {
	config Config
	client *outbound.Client
}

// New checks the configuration, the token's file included, and calls nobody.
func New(c Config) (*Client, error) {
	c.URL = strings.TrimRight(c.URL, "/")
	if err := outbound.CheckURL(c.URL); err != nil {
		return nil, err
	}
	if err := c.checkAPI(); err != nil {
		return nil, err
	}
	if c.TokenFile == "" {
		return nil, errors.New("token_file is missing: a file that holds the token and nothing else")
	}
	if _, err := outbound.Secret(c.TokenFile); err != nil {
		return nil, fmt.Errorf("token_file: %w", err)
	}
	if c.Dashboard != "" && !dashboardUID.MatchString(c.Dashboard) {
		return nil, errors.New("dashboard is no uid: letters, digits, - and _, at most 40, as in the address https://HOST/d/UID/NAME")
	}
	client, err := outbound.New(c.HTTP)
	return &Client{c, client}, err
}

// Put brings the annotation onto Grafana and gives its id there. It may be
// called again at any time, with or without the id, after any error.
func (c *Client) Put(ctx context.Context, a Annotation) (int64, error) {
	if err := a.check(); err != nil {
		return 0, err
	}
	put := c.put
	if c.config.API == resourcesAPI {
		put = c.putResource
	}
	id, err := put(ctx, a)
	if err != nil {
		return 0, fmt.Errorf("annotating grafana: %w", err)
	}
	return id, nil
}

// Ping asks whether the token is valid and may read annotations. It changes nothing.
func (c *Client) Ping(ctx context.Context) error {
	ask := func() error { _, err := c.find(ctx, "pushback:ping"); return err }
	if c.config.API == resourcesAPI {
		ask = func() error { return c.pingResources(ctx) }
	}
	if err := ask(); err != nil {
		return fmt.Errorf("reading annotations: %w", err)
	}
	return nil
}

func (c *Client) put(ctx context.Context, a Annotation) (int64, error) {
	if a.RemoteID != 0 {
		err := c.patch(ctx, a.RemoteID, a)
		if !errors.Is(err, errGone) {
			return a.RemoteID, err
		}
	}
	id, err := c.find(ctx, a.Tag)
	if err != nil {
		return 0, err
	}
	if id != 0 {
		return id, c.patch(ctx, id, a)
	}
	return c.post(ctx, a)
}

// find gives the id of the oldest annotation that has the tag, 0 for none.
// Were there two after all, every caller would settle on the same one.
func (c *Client) find(ctx context.Context, tag string) (int64, error) {
	query := url.Values{"tags": {tag}, "type": {"annotation"}, "limit": {"5"}}
	var found []struct {
		ID   int64    `json:"id"`
		Tags []string `json:"tags"`
	}
	if err := c.call(ctx, http.MethodGet, "?"+query.Encode(), nil, &found); err != nil {
		return 0, err
	}
	var oldest int64
	for _, f := range found {
		for _, has := range f.Tags {
			if has == tag && (oldest == 0 || f.ID < oldest) {
				oldest = f.ID
			}
		}
	}
	return oldest, nil
}

func (c *Client) post(ctx context.Context, a Annotation) (int64, error) {
	var added struct {
		ID int64 `json:"id"`
	}
	if err := c.call(ctx, http.MethodPost, "", a.document(), &added); err != nil {
		return 0, err
	}
	if added.ID == 0 {
		return 0, errors.New("it answered without an id")
	}
	return added.ID, nil
}

func (c *Client) patch(ctx context.Context, id int64, a Annotation) error {
	return c.call(ctx, http.MethodPatch, "/"+strconv.FormatInt(id, 10), a.document(), nil)
}

// call makes one request below the API's address and reads the answer into out.
func (c *Client) call(ctx context.Context, method, below string, in, out any) error {
	request, token, err := c.request(ctx, method, below, in)
	if err != nil {
		return err
	}
	answer, err := c.client.Do(request, token)
	if err != nil {
		return err
	}
	if err := judge(answer, method); err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if err := answer.Decode(out); err != nil {
		return fmt.Errorf("reading its answer: %w", err)
	}
	return nil
}

func (c *Client) request(ctx context.Context, method, below string, in any) (*http.Request, string, error) {
	token, err := outbound.Secret(c.config.TokenFile)
	if err != nil {
		return nil, "", err
	}
	var body []byte
	if in != nil {
		if body, err = json.Marshal(in); err != nil {
			return nil, "", fmt.Errorf("%w: %w", ErrPermanent, err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, c.config.base()+below, bytes.NewReader(body))
	if err != nil {
		return nil, "", errors.New("the url cannot be called")
	}
	r.Header.Set("Content-Type", c.config.contentType(method))
	r.Header.Set("Authorization", "Bearer "+token)
	if c.config.OrgID != 0 {
		r.Header.Set("X-Grafana-Org-Id", strconv.FormatInt(c.config.OrgID, 10))
	}
	return r, token, nil
}

// judge sorts an answer. A refused token or a wrong address is for the
// operator to mend and is tried again.
func judge(a outbound.Answer, method string) error {
	if a.OK() {
		return nil
	}
	err := fmt.Errorf("it answered %s: %s", a.Status, a.FirstLine())
	switch a.Code {
	case http.StatusNotFound:
		if method == http.MethodPatch {
			return fmt.Errorf("%w: %w", errGone, err)
		}
	case http.StatusConflict:
		return fmt.Errorf("%w: %w", errExists, err)
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	return err
}
