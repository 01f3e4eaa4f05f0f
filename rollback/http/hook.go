package http

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
)

// DefaultTimeout bounds a call where the configuration does not.
const DefaultTimeout = time.Minute

// Config is a hook of kind http in pushback.yml.
type Config struct {
	URL        string                  `yaml:"url"`         // http or https, without credentials
	CheckURL   string                  `yaml:"check_url"`   // GET answers 2xx if the hook could act; "": preflight sends no request
	VerifyURL  string                  `yaml:"verify_url"`  // GET answers the version that runs; "": rollbacks are not verified
	SecretFile string                  `yaml:"secret_file"` // signs every call: whsec_<base64>, or 24 bytes of text or more
	Timeout    time.Duration           `yaml:"timeout"`     // from connecting to the end of the answer; 0: DefaultTimeout
	HTTP       config.HTTPClientConfig `yaml:"http"`        // TLS, authorization, proxy and headers, as Prometheus writes them
}

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.SecretFile = config.JoinDir(dir, c.SecretFile)
	c.HTTP.SetDirectory(dir)
}

// CallTimeout bounds a whole rollback.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook calls one URL. It is safe for concurrent use.
type Hook struct {
	config Config
	client *outbound.Client
	now    func() time.Time
}

// New checks the configuration and reads the secret. It sends no request.
func New(c Config) (*Hook, error) {
	if err := outbound.CheckURL(c.URL); err != nil {
		return nil, err
	}
	for key, address := range map[string]string{"check_url": c.CheckURL, "verify_url": c.VerifyURL} {
		if address == "" {
			continue
		}
		if err := outbound.CheckURL(address); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	if c.SecretFile == "" {
		return nil, errors.New("secret_file is missing: it holds the key that signs every call, so that the receiver can check who sent it")
	}
	if c.Timeout < 0 {
		return nil, fmt.Errorf("timeout is negative: %s", c.Timeout)
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	client, err := outbound.New(c.HTTP)
	if err != nil {
		return nil, err
	}
	h := &Hook{config: c, client: client, now: time.Now}
	if _, err = h.sign(http.Header{}, "check", nil); err != nil {
		return nil, fmt.Errorf("secret_file: %w", err)
	}
	return h, nil
}

// Do posts the warrant's body once and returns the answer. See the package comment for
// what each status means.
//
// See adr/0043.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	request, secret, err := h.request(ctx, w)
	if err != nil {
		return rollback.Receipt{}, fmt.Errorf("calling the hook: %w: %w", rollback.ErrNotSent, err)
	}
	answer, err := h.client.Do(request, secret)
	if err != nil {
		return rollback.Receipt{}, fmt.Errorf("calling the hook: %w: %w", call.ClassifySendError(err), err)
	}
	receipt := rollback.Receipt{At: h.now().UTC(), Status: answer.Status, Output: rollback.Output(answer.Body)}
	if err := call.CheckActAnswer(answer); err != nil {
		return receipt, fmt.Errorf("calling the hook: %w", err)
	}
	return receipt, nil
}

func (h *Hook) request(ctx context.Context, w rollback.Warrant) (*http.Request, string, error) {
	body := w.Body()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.config.URL, bytes.NewReader(body))
	if err != nil {
		return nil, "", errors.New("the url is invalid")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", w.Key())
	if replica := rollback.Replica(ctx); replica != "" {
		r.Header.Set("Pushback-Replica", replica)
	}
	secret, err := h.sign(r.Header, w.Key(), body)
	return r, secret, err
}

// sign signs a request. It returns the secret, so that it can be removed from the answer.
func (h *Hook) sign(header http.Header, id string, body []byte) (string, error) {
	secret, err := outbound.Secret(h.config.SecretFile)
	if err != nil {
		return "", err
	}
	return secret, outbound.Sign(header, secret, id, h.now(), body)
}
