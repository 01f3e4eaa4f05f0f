package openid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/prometheus/common/config"
	"golang.org/x/oauth2"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/sources"
)

const (
	callTimeout     = 10 * time.Second
	maxAnswer       = 1 << 20          // bytes of an answer of the provider
	maxReason       = 300              // bytes of the reason of a failure
	rediscoverEvery = time.Hour        // endpoints move seldom
	retryEvery      = 30 * time.Second // in the background
	retryOnDemand   = 5 * time.Second  // when somebody wants to sign in
	skew            = time.Minute      // how far the provider's clock may be off
	maxFinishing    = 32               // sign-ins that ask the provider at once
)

// Client signs people in at one provider. It is safe for concurrent use.
type Client struct {
	Settings
	external  string
	http      *http.Client
	now       func() time.Time
	log       *slog.Logger
	finishing chan struct{}

	mu      sync.Mutex
	found   *provider // nil: not found yet
	triedAt time.Time
	failure error // of the last try; nil: it worked
}

// provider is what the discovery document says.
type provider struct {
	*oidc.Provider
	verifier   *oidc.IDTokenVerifier
	endpoint   oauth2.Endpoint
	endSession string
	tellsMore  bool // by a userinfo endpoint
}

// New makes a client, and calls nobody. external is the address that people use.
func New(s Settings, external string, now func() time.Time, log *slog.Logger) (*Client, error) {
	calls, err := outbound.New(config.HTTPClientConfig{TLSConfig: config.TLSConfig{CAFile: s.CAFile}, ProxyConfig: s.ProxyConfig})
	if err != nil {
		return nil, err
	}
	if s.ClientSecretFile != "" {
		if _, err := outbound.Secret(s.ClientSecretFile); err != nil {
			return nil, fmt.Errorf("client_secret_file: %w", err)
		}
	}
	return &Client{
		Settings: s, external: strings.TrimSuffix(external, "/"), now: now, log: log, finishing: make(chan struct{}, maxFinishing),
		http: &http.Client{Transport: calls.Transport(maxAnswer), Timeout: callTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// Issuer is the provider's own name for itself.
func (c *Client) Issuer() string { return c.Settings.Issuer }

// Run asks the provider for its endpoints, and again now and then, until ctx ends.
func (c *Client) Run(ctx context.Context) error {
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wait.C:
		}
		before := c.Trouble()
		next := rediscoverEvery
		if err := c.discover(ctx); err != nil {
			next = retryEvery
			if before == "" && ctx.Err() == nil {
				c.log.Error("cannot reach the provider of identities; nobody can sign in there", "provider", c.Name(), "error", err)
			}
		} else if before != "" {
			c.log.Info("the provider of identities can be reached again", "provider", c.Name())
		}
		wait.Reset(next)
	}
}

// Trouble is why the provider could not be asked the last time; "" if it could, or was not asked yet.
func (c *Client) Trouble() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure == nil {
		return ""
	}
	return c.failure.Error()
}

// provider returns the provider, and asks for its endpoints if that has not worked yet.
func (c *Client) provider(ctx context.Context) (*provider, error) {
	c.mu.Lock()
	found, failure, recent := c.found, c.failure, c.now().Sub(c.triedAt) < retryOnDemand
	c.mu.Unlock()
	if found != nil {
		return found, nil
	}
	if failure != nil && recent {
		return nil, failure
	}
	if err := c.discover(ctx); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.found, nil
}

// discover asks for the endpoints. What was found before stays if that fails.
func (c *Client) discover(ctx context.Context) error {
	found, err := c.ask(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.triedAt, c.failure = c.now(), err
	if err == nil {
		c.found = found
	}
	return err
}

func (c *Client) ask(ctx context.Context) (*provider, error) {
	ctx, cancel := context.WithTimeout(c.calling(ctx), callTimeout)
	defer cancel()
	p, err := oidc.NewProvider(ctx, c.Settings.Issuer)
	if err != nil {
		return nil, fmt.Errorf("reading the discovery document of %s: %s", c.Name(), short(err))
	}
	var more struct {
		JWKS       string   `json:"jwks_uri"`
		EndSession string   `json:"end_session_endpoint"`
		Methods    []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := p.Claims(&more); err != nil {
		return nil, fmt.Errorf("reading the discovery document of %s: %s", c.Name(), short(err))
	}
	found := &provider{Provider: p, endpoint: p.Endpoint()}
	for what, address := range map[string]string{"authorization_endpoint": found.endpoint.AuthURL, "token_endpoint": found.endpoint.TokenURL, "jwks_uri": more.JWKS} {
		if err := c.checkEndpoint(address); err != nil {
			return nil, fmt.Errorf("the discovery document of %s: %s: %w", c.Name(), what, err)
		}
	}
	if c.checkEndpoint(more.EndSession) == nil {
		found.endSession = more.EndSession
	}
	found.tellsMore = c.checkEndpoint(p.UserInfoEndpoint()) == nil
	found.endpoint.AuthStyle = c.authStyle(more.Methods)
	found.verifier = p.Verifier(&oidc.Config{ClientID: c.ClientID, Now: func() time.Time { return c.now().Add(-skew) }})
	return found, nil
}

// calling returns a context in which the libraries use our client.
func (c *Client) calling(ctx context.Context) context.Context { return oidc.ClientContext(ctx, c.http) }

var errPlain = errors.New("it is not encrypted, though the issuer is: who signs in could be anybody")

// checkEndpoint refuses an address that is worth less than the issuer's.
func (c *Client) checkEndpoint(address string) error {
	if err := outbound.CheckURL(address); err != nil {
		return err
	}
	u, err := url.Parse(address)
	if issuer, _ := url.Parse(c.Settings.Issuer); err != nil || issuer.Scheme == "https" && u.Scheme != "https" {
		return errPlain
	}
	return nil
}

// authStyle is how the client proves itself. It is not tried out, because a code is good for one try.
func (c *Client) authStyle(methods []string) oauth2.AuthStyle {
	if c.ClientSecretFile == "" || slices.Contains(methods, "client_secret_post") && !slices.Contains(methods, "client_secret_basic") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader // the default of the specification
}

// SignOutURL is where somebody signs out at the provider; "" where it has no such page.
func (c *Client) SignOutURL() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.found == nil || c.found.endSession == "" {
		return ""
	}
	u, err := url.Parse(c.found.endSession)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set("client_id", c.ClientID)
	q.Set("post_logout_redirect_uri", c.external+"/signin")
	u.RawQuery = q.Encode()
	return u.String()
}

// short is an error as one short line. The libraries quote whole answers.
func short(err error) string { return sources.OneLine(err.Error(), maxReason) }

// decode reads the claims of a token or of an answer.
func decode(from interface{ Claims(any) error }) (c claims, err error) {
	var raw json.RawMessage
	if err := from.Claims(&raw); err != nil {
		return nil, err
	}
	if err := sources.CheckJSON(raw); err != nil {
		return nil, err
	}
	return c, json.Unmarshal(raw, &c)
}
