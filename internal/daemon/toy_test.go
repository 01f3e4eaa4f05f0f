package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/metrics"
)

// This file adds one adapter of each kind, as a contributor would. What would stand in a
// folder per adapter stands below, and the line per adapter in the table is in withToys.
// No other code of Pushback knows these kinds.

// withToys is the table with one more line in each section.
func withToys() Table {
	t := Adapters()
	t.Metrics["toy"] = metricStore(newToyStore)
	t.Sources["toy"] = changeSource(newToySource)
	t.Hooks["toy"] = hook(newToyHook)
	t.Receivers["toy"] = sender(newToySender)
	return t
}

// toyStoreConfig is a store of one query, `level`, whose value is 1 and rises to 100 at Rise.
type toyStoreConfig struct {
	Rise string        `yaml:"rise"` // RFC 3339
	Step time.Duration `yaml:"step"`
}

// SetDefaults samples every minute.
func (c *toyStoreConfig) SetDefaults() { c.Step = time.Minute }

type toyStore struct {
	step time.Duration
	rise time.Time
}

func newToyStore(_ metrics.Options, c toyStoreConfig) (*toyStore, error) {
	rise, err := time.Parse(time.RFC3339, c.Rise)
	if err != nil {
		return nil, errors.New("rise is no time: write it as 2026-11-20T10:00:00Z")
	}
	return &toyStore{c.Step, rise}, nil
}

func (s *toyStore) Range(_ context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	series := sources.Series{Labels: map[string]string{"toy": "level"}}
	for t := w.From; !t.After(w.To); t = t.Add(q.Step) {
		noise := 0.01 * float64(t.Unix()/60%7)
		value := 1 + noise
		if t.After(s.rise) {
			value = 100 + noise
		}
		series.Samples = append(series.Samples, sources.Sample{T: t.UnixMilli(), V: value})
	}
	return []sources.Series{series}, nil
}

func (s *toyStore) Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error) {
	return s.Range(ctx, sources.Query{Expr: expr, Step: s.step}, sources.Window{From: at, To: at})
}

func (s *toyStore) Heartbeat(_ context.Context, at time.Time) (time.Time, error) { return at, nil }
func (s *toyStore) HeartbeatExpr() string                                        { return "" }
func (s *toyStore) Resolution() time.Duration                                    { return s.step }
func (s *toyStore) MeasureResolution(context.Context) error                      { return nil }
func (s *toyStore) Latency() time.Duration                                       { return 0 }
func (s *toyStore) Language() sources.Language                                   { return toyLanguage{} }
func (s *toyStore) Run(context.Context) error                                    { return nil }
func (s *toyStore) Close() error                                                 { return nil }

// toyLanguage knows one word.
type toyLanguage struct{}

func (toyLanguage) Name() string { return "toy" }

func (toyLanguage) Parse(query string) error {
	if query != "level" {
		return errors.New("the only query is level")
	}
	return nil
}

func (toyLanguage) Match(map[string][]string) (string, bool) { return "", false }
func (toyLanguage) Selectors() bool                          { return false }

// toySourceConfig is a tool that names service, old and new version in a JSON object.
type toySourceConfig struct {
	SecretFile    string `yaml:"secret_file"`
	changes.Scope `yaml:",inline"`
}

type toySource struct{ secret string }

func newToySource(_ changes.Options, c toySourceConfig) (*toySource, error) {
	secret, err := os.ReadFile(c.SecretFile)
	if err != nil {
		return nil, errors.New("secret_file is missing")
	}
	return &toySource{strings.TrimSpace(string(secret))}, c.Check()
}

func (s *toySource) VerifyHeader(h http.Header, now time.Time) error { return s.Verify(h, nil, now) }

func (s *toySource) Verify(h http.Header, _ []byte, _ time.Time) error {
	if h.Get("X-Toy") != s.secret {
		return changes.ErrUnauthorized
	}
	return nil
}

func (s *toySource) Parse(_ http.Header, body []byte) ([]sources.Event, error) {
	var delivery struct {
		Service, From, To string
		At                time.Time
	}
	if json.Unmarshal(body, &delivery) != nil {
		return nil, changes.Bad("the body is no toy delivery")
	}
	return []sources.Event{{
		EventID: "toy-1", ChangeID: "toy-1", Status: sources.Succeeded, At: delivery.At, Service: delivery.Service,
		Environment: "production", Kind: sources.Deploy, Version: delivery.To, Previous: delivery.From,
	}}, nil
}

// toyHookConfig and toySenderConfig post to a URL.
type toyHookConfig struct {
	URL string `yaml:"url"`
}

// CallTimeout is fixed: a toy is quick.
func (toyHookConfig) CallTimeout() time.Duration { return 5 * time.Second }

// Idempotent is the nature of this kind.
func (toyHookConfig) Idempotent() bool { return true }

type toyHook struct{ url string }

func newToyHook(c toyHookConfig) (toyHook, error) {
	if c.URL == "" {
		return toyHook{}, errors.New("url is missing")
	}
	return toyHook{c.URL}, nil
}

func (h toyHook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, errors.New("this is no warrant")
	}
	err := post(ctx, h.url+"/rollback", w.Change().Service+" to "+w.Target())
	return rollback.Receipt{At: time.Now(), Status: "done"}, err
}

func (h toyHook) Preflight(context.Context, rollback.Plan) []rollback.Check {
	return []rollback.Check{{What: "the toy answers"}}
}

type toySenderConfig struct {
	URL string `yaml:"url"`
}

type toySender struct{ url string }

func newToySender(c toySenderConfig) (*toySender, error) {
	if c.URL == "" {
		return nil, errors.New("url is missing")
	}
	return &toySender{c.URL}, nil
}

func (s *toySender) Send(ctx context.Context, m notify.Message) error {
	return post(ctx, s.url+"/message", m.Title)
}

func post(ctx context.Context, url, body string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
