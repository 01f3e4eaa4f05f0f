package prometheus

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
)

// Config is one store in pushback.yml. Besides its own keys it has all of
// Prometheus's HTTP options: basic_auth, authorization, oauth2, tls_config,
// bearer_token_file, proxy_url, http_headers and so on.
type Config struct {
	URL string `yaml:"url"` // without /api/v1
	// Headers are sent with every request, such as X-Scope-OrgID. Secret values
	// belong in http_headers, which can read them from files.
	Headers map[string]string `yaml:"headers"`
	// Params are added to every request. By default they ask VictoriaMetrics not to
	// move points to its own grid (nocache), and Thanos and VictoriaMetrics not to
	// send partial answers. An empty value removes a default.
	Params map[string]string `yaml:"params"`
	// Timeout of one request, which is also sent to the server. Default 30s.
	Timeout time.Duration `yaml:"timeout"`
	// LatencyOffset is how long the store hides its newest samples. Default 0.
	LatencyOffset time.Duration `yaml:"latency_offset"`
	// Resolution is the scrape interval. Default: the measured median, and 15s
	// until it is measured.
	Resolution time.Duration `yaml:"resolution"`
	// MaxQueries is how many queries are asked at once at most. Up to that, the number is found
	// by how the server answers. Default 64.
	MaxQueries int `yaml:"max_queries"`
	// Heartbeat is an expression for the time of the newest sample of any series,
	// in Unix seconds. Default max(timestamp(up)).
	Heartbeat string `yaml:"heartbeat"`

	HTTP config.HTTPClientConfig `yaml:",inline"`
}

// UnmarshalYAML sets the HTTP defaults, which an inlined struct cannot set itself.
func (c *Config) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Config
	*c = Config{HTTP: config.DefaultHTTPClientConfig}
	return unmarshal((*plain)(c))
}

// SetDefaults fills in the HTTP options that Prometheus itself starts with.
func (c *Config) SetDefaults() { c.HTTP = config.DefaultHTTPClientConfig }

// SetDirectory resolves relative file names against dir.
func (c *Config) SetDirectory(dir string) { c.HTTP.SetDirectory(dir) }

// wholeAnswers are the parameters that every server gets, also one that it is redirected to.
var wholeAnswers = map[string]string{"nocache": "1", "deny_partial_response": "1", "partial_response": "false"}

func (c Config) withDefaults() Config {
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.Heartbeat = cmp.Or(c.Heartbeat, "max(timestamp(up))")
	params := maps.Clone(wholeAnswers)
	maps.Copy(params, c.Params)
	c.Params = params
	return c
}

func (c Config) check() error {
	if c.URL == "" {
		return errors.New("url is missing")
	}
	if err := outbound.CheckURL(c.URL); err != nil {
		return err
	}
	switch u, _ := url.Parse(c.URL); {
	case u.RawQuery != "":
		return errors.New("url has a query: put it under params")
	case strings.Contains(u.Path+"/", "/api/v1/"):
		return errors.New("url has /api/v1, which Pushback adds: write what is before it")
	case c.Timeout < 0, c.LatencyOffset < 0, c.Resolution < 0:
		return errors.New("timeout, latency_offset and resolution cannot be negative")
	case c.MaxQueries < 0:
		return errors.New("max_queries cannot be negative")
	}
	return nil
}

// client returns the client of the server: Prometheus's HTTP options, the parameters, and the
// checks that an answer is bounded and complete. It follows redirects as outbound.Follower does.
func (c Config) client(name string) (*http.Client, error) {
	options, err := c.withHeaders()
	if err != nil {
		return nil, err
	}
	home, err := url.Parse(c.URL)
	if err != nil {
		return nil, errors.New("url cannot be parsed") // its text may hold a password
	}
	next, err := outbound.NewFollower(home, options, name)
	if err != nil {
		return nil, fmt.Errorf("http options: %w", err)
	}
	return &http.Client{
		Transport:     &transport{next: next, home: next.Home, params: c.Params, limit: maxBodyBytes, secrets: next.Secrets},
		CheckRedirect: next.CheckRedirect,
	}, nil
}

// withHeaders returns the HTTP options with Headers added, and checks them.
func (c Config) withHeaders() (config.HTTPClientConfig, error) {
	options := c.HTTP
	headers := map[string]config.Header{}
	if options.HTTPHeaders != nil {
		maps.Copy(headers, options.HTTPHeaders.Headers)
	}
	for name, value := range c.Headers {
		if _, twice := headers[name]; twice {
			return options, fmt.Errorf("header %s is set in both headers and http_headers", name)
		}
		headers[name] = config.Header{Values: []string{value}}
	}
	if len(headers) > 0 {
		options.HTTPHeaders = &config.Headers{Headers: headers}
	}
	return options, options.Validate()
}
