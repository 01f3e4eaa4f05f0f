// Package alertmanager sends messages as alerts to Prometheus's Alertmanager,
// through its API v2, so that the routes, silences and inhibitions that people
// already have apply to changes.
//
// Alertmanager identifies an alert by its labels: an alert with equal labels
// updates the earlier one. The labels are therefore the fields of a thread that do
// not change (its key, service, environment, region and rule) and the labels of
// the configuration. The severity rises within a thread and is an annotation. To
// route by severity, give each receiver its own severity label under `labels`.
//
// Alertmanager ends an alert at its endsAt, which is the message's EndsAt, or four
// hours after the message if it has none. The alert must be sent again before
// that. A resolved message ends it at once.
//
// While a rollback runs, the alerts of the service may be silent: see silence.go.
//
// Alertmanager passes texts to chats as they are, so that mentions and markup in them are
// broken here: see notify.Plain.
//
// See https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml.
package alertmanager

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
)

const (
	receiver        = "alertmanager"
	defaultDuration = 4 * time.Hour
	maxLabelBytes   = 300
)

// Config is a receiver of kind alertmanager in pushback.yml.
type Config struct {
	URL     string                  `yaml:"url"`     // without /api/v2, such as http://localhost:9093
	Labels  map[string]string       `yaml:"labels"`  // added to every alert; alertname is "Pushback" unless given here
	Silence map[string]string       `yaml:"silence"` // label → value, $service, $environment or $region: which alerts are silent while a rollback runs; empty: none
	HTTP    config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory resolves relative file names against dir.
func (c *Config) SetDirectory(dir string) { c.HTTP.SetDirectory(dir) }

// Sender posts alerts. It is safe for concurrent use.
type Sender struct {
	config Config
	client *outbound.Client
}

// New checks the configuration.
func New(c Config) (*Sender, error) {
	c.URL = strings.TrimRight(c.URL, "/")
	if err := outbound.CheckURL(c.URL); err != nil {
		return nil, err
	}
	if err := checkSilence(c.Silence); err != nil {
		return nil, err
	}
	client, err := outbound.New(c.HTTP)
	return &Sender{c, client}, err
}

// Send posts one alert, firing or resolved.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	body, err := delivery.Encode(receiver, []alert{render(m.Truncated(), s.config.Labels)})
	if err != nil {
		return err
	}
	return delivery.Post(ctx, s.client, delivery.Request{
		Receiver: receiver, URL: s.config.URL + "/api/v2/alerts", Body: body,
	})
}

// alert is a postableAlert of the API.
type alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"` // Alertmanager keeps the earlier one of two overlapping alerts
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

func render(m notify.Message, added map[string]string) alert {
	return alert{
		Labels: labels(m, added), Annotations: annotations(m),
		StartsAt: m.At.UTC(), EndsAt: endTime(m), GeneratorURL: m.Link,
	}
}

func labels(m notify.Message, added map[string]string) map[string]string {
	labels := map[string]string{"alertname": defaultAlerts, "key": m.DedupKey(maxLabelBytes)}
	facts := m.FieldValues()
	for _, name := range []string{"service", "environment", "region", "rule"} {
		if facts[name] != "" {
			labels[name] = notify.Plain(facts[name])
		}
	}
	for name, value := range added {
		labels[name] = value
	}
	return labels
}

func annotations(m notify.Message) map[string]string {
	annotations := map[string]string{
		"summary": notify.Plain(m.Title), "severity": string(m.Severity), "kind": m.Kind,
	}
	if lines := m.Lines(); len(lines) > 0 {
		annotations["description"] = notify.Plain(strings.Join(lines, "\n"))
	}
	facts := m.FieldValues()
	if runbook := notify.WebLink(facts["runbook"]); runbook != "" {
		annotations["runbook_url"] = runbook
	}
	for _, name := range []string{"version", "by", "watched until", "target", "order", "decided by", notify.RecordField} {
		if facts[name] != "" {
			annotations[strings.ReplaceAll(name, " ", "_")] = notify.Plain(facts[name])
		}
	}
	return annotations
}

// endTime does not depend on the clock: a resolved alert ends at the time of its
// message, however late it is delivered.
func endTime(m notify.Message) time.Time {
	switch {
	case m.Resolved:
		return m.At.UTC()
	case m.EndsAt.IsZero():
		return m.At.Add(defaultDuration).UTC()
	}
	return m.EndsAt.UTC()
}

// repeatEvery is how often an open alert is sent again. Prometheus sends open
// alerts about every minute, and Alertmanager's resolve_timeout is five minutes.
const repeatEvery = time.Minute

// RepeatEvery is how often the engine sends an open alert again.
func (s *Sender) RepeatEvery() time.Duration { return repeatEvery }
