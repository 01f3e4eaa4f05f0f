package probes

import (
	"cmp"
	"time"

	"github.com/prometheus/common/config"
)

// The bounds of a probe, and of all of them.
const (
	MaxProbes = 200     // all probes of one pushback.yml
	MaxBody   = 1 << 20 // bytes of an answer that are read
	maxText   = 1 << 10 // bytes of the expected text
	maxHosts  = 10      // other hosts that redirects may lead to

	minEvery = time.Second
	// maxEvery is below the five minutes after which Prometheus's language takes a series
	// without a new sample for gone.
	maxEvery     = 4 * time.Minute
	defaultEvery = 5 * time.Second
	minTimeout   = 100 * time.Millisecond
	maxTimeout   = 30 * time.Second
	// defaultTimeout is what customers wait for. A shorter every has a shorter one.
	defaultTimeout = 3 * time.Second
)

// Settings are one entry of probes in pushback.yml. An http probe also has Prometheus's HTTP
// options, such as basic_auth, http_headers and tls_config; secrets are in files.
type Settings struct {
	Name        string `yaml:"name"`        // by default the service and the kind: shop-http
	Service     string `yaml:"service"`     // whose changes the probe judges
	Environment string `yaml:"environment"` // by default all
	HTTP        string `yaml:"http"`        // the URL to get
	TCP         string `yaml:"tcp"`         // host:port to connect to
	TLS         string `yaml:"tls"`         // host:port to shake hands with

	Status        Statuses `yaml:"status"`         // the expected statuses; by default 2xx
	Text          string   `yaml:"text"`           // expected in the first MaxBody bytes of the body
	Method        string   `yaml:"method"`         // GET or HEAD; by default GET
	RedirectHosts []string `yaml:"redirect_hosts"` // other hosts that a redirect may lead to

	Every      time.Duration `yaml:"every"`       // by default 5s
	Timeout    time.Duration `yaml:"timeout"`     // of one probe; by default 3s
	WarnBefore time.Duration `yaml:"warn_before"` // how long before its end a certificate is warned of

	// NetworkCheck is a target elsewhere that answers nearly always. It belongs to no service, and
	// is asked only when another probe got no answer: whether the network works here.
	NetworkCheck bool `yaml:"network_check"`

	Options config.HTTPClientConfig `yaml:",inline"`
}

// UnmarshalYAML sets the HTTP defaults, which an inlined struct cannot set itself.
func (s *Settings) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Settings
	*s = Settings{Options: config.DefaultHTTPClientConfig}
	return unmarshal((*plain)(s))
}

// SetDirectory resolves relative file names against dir.
func (s *Settings) SetDirectory(dir string) { s.Options.SetDirectory(dir) }

// WithDefaults fills in what is not written.
func (s Settings) WithDefaults() Settings {
	s.Every = cmp.Or(s.Every, defaultEvery)
	if s.Timeout == 0 {
		s.Timeout = max(minTimeout, min(defaultTimeout, s.Every*3/5))
	}
	s.Method = cmp.Or(s.Method, "GET")
	if len(s.Status) == 0 {
		s.Status = Statuses{{200, 299}}
	}
	if s.Name == "" {
		s.Name = cmp.Or(s.Service, "network-check") + "-" + s.Kind()
	}
	return s
}

// Kind is http, tcp or tls.
func (s Settings) Kind() string {
	switch {
	case s.HTTP != "":
		return "http"
	case s.TCP != "":
		return "tcp"
	}
	return "tls"
}
