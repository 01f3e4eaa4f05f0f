package prometheus

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/common/config"
)

// Config is one store in pushback.yml. Beside its own keys it takes all of
// Prometheus's HTTP options: basic_auth, authorization, oauth2, tls_config,
// bearer_token_file, proxy_url, http_headers and so on.
type Config struct {
	URL string `yaml:"url"` // up to and without /api/v1
	// Headers are sent with every request, X-Scope-OrgID for one. Values that
	// are secret belong into http_headers, which can read them from files.
	Headers map[string]string `yaml:"headers"`
	// Params are added to every request. The defaults ask VictoriaMetrics for
	// points on our grid (nocache) and Thanos and VictoriaMetrics for whole
	// answers; an empty value removes a default.
	Params map[string]string `yaml:"params"`
	// Timeout of one request, the server told. Default 30s.
	Timeout time.Duration `yaml:"timeout"`
	// LatencyOffset is how long the store hides its newest samples. Default 0.
	LatencyOffset time.Duration `yaml:"latency_offset"`
	// Resolution is the scrape interval. Default: the median of what is
	// scraped, measured; 15s until then.
	Resolution time.Duration `yaml:"resolution"`
	// Heartbeat is an expression for the time of the newest sample of
	// anything, in Unix seconds. Default max(timestamp(up)).
	Heartbeat string `yaml:"heartbeat"`

	HTTP config.HTTPClientConfig `yaml:",inline"`
}

// UnmarshalYAML sets the HTTP defaults that an inlined struct cannot set
// itself.
func (c *Config) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Config
	*c = Config{HTTP: config.DefaultHTTPClientConfig}
	return unmarshal((*plain)(c))
}

// SetDefaults fills in the HTTP options that Prometheus itself starts with.
func (c *Config) SetDefaults() { c.HTTP = config.DefaultHTTPClientConfig }

// SetDirectory makes relative file names relative to dir.
func (c *Config) SetDirectory(dir string) { c.HTTP.SetDirectory(dir) }

func (c Config) withDefaults() Config {
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.Heartbeat = cmp.Or(c.Heartbeat, "max(timestamp(up))")
	params := map[string]string{"nocache": "1", "deny_partial_response": "1", "partial_response": "false"}
	maps.Copy(params, c.Params)
	c.Params = params
	return c
}

func (c Config) check() error {
	u, err := url.Parse(c.URL)
	switch {
	case c.URL == "":
		return errors.New("url is missing")
	case err != nil:
		return errors.New("url cannot be parsed") // its text may hold a password
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return errors.New("url must be http://host or https://host, with a path where there is one")
	case u.RawQuery != "":
		return errors.New("url has a query: put it under params")
	case c.Timeout < 0, c.LatencyOffset < 0, c.Resolution < 0:
		return errors.New("timeout, latency_offset and resolution cannot be negative")
	}
	return nil
}

// transport is the way to the server: Prometheus's HTTP options, our
// parameters on top, and an answer that is bounded and whole.
func (c Config) transport(name string) (http.RoundTripper, error) {
	options, err := c.withHeaders()
	if err != nil {
		return nil, err
	}
	next, err := config.NewRoundTripperFromConfig(options, name, config.WithUserAgent("pushback"))
	if err != nil {
		return nil, fmt.Errorf("http options: %w", err)
	}
	return &transport{next: next, params: c.Params, limit: maxBodyBytes}, nil
}

// withHeaders adds Headers to the HTTP options' own, and checks the whole.
func (c Config) withHeaders() (config.HTTPClientConfig, error) {
	options := c.HTTP
	headers := map[string]config.Header{}
	if options.HTTPHeaders != nil {
		maps.Copy(headers, options.HTTPHeaders.Headers)
	}
	for name, value := range c.Headers {
		if _, twice := headers[name]; twice {
			return options, fmt.Errorf("header %s stands in headers and in http_headers", name)
		}
		headers[name] = config.Header{Values: []string{value}}
	}
	if len(headers) > 0 {
		options.HTTPHeaders = &config.Headers{Headers: headers}
	}
	return options, options.Validate()
}
