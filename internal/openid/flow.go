package openid

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/sources"
)

// The reasons why nobody was signed in, each wrapped by what went wrong.
var (
	ErrProvider  = errors.New("the provider could not be asked")           // try again
	ErrRefused   = errors.New("the provider did not sign you in")          // or the person changed their mind
	ErrNotProven = errors.New("the provider's answer could not be proven") // somebody may have tampered with it
	ErrNoRole    = errors.New("none of your groups has a role here")
)

// Attempt is one try to sign in. Only the browser keeps it.
type Attempt struct {
	State    string `json:"s"` // comes back in the address
	Nonce    string `json:"n"` // comes back in the token
	Verifier string `json:"v"` // of PKCE: without it the code is worth nothing
}

// Begin returns the address at the provider where somebody signs in.
func (c *Client) Begin(ctx context.Context) (address string, a Attempt, err error) {
	p, err := c.provider(ctx)
	if err != nil {
		return "", a, fmt.Errorf("%w: %w", ErrProvider, err)
	}
	a = Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	return c.oauth(p, "").AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), a, nil
}

func (c *Client) oauth(p *provider, secret string) *oauth2.Config {
	return &oauth2.Config{ClientID: c.ClientID, ClientSecret: secret, Endpoint: p.endpoint, RedirectURL: redirectURL(c.external), Scopes: c.scopes()}
}

// Finish returns who has signed in, from what the provider sent back in the address.
func (c *Client) Finish(ctx context.Context, a Attempt, q url.Values) (Person, error) {
	if err := c.checkAnswer(a, q); err != nil {
		return Person{}, err
	}
	select {
	case c.finishing <- struct{}{}:
		defer func() { <-c.finishing }()
	default:
		return Person{}, fmt.Errorf("%w: too many people sign in at this moment", ErrProvider)
	}
	ctx, cancel := context.WithTimeout(c.calling(ctx), 2*callTimeout)
	defer cancel()
	p, err := c.provider(ctx)
	if err != nil {
		return Person{}, fmt.Errorf("%w: %w", ErrProvider, err)
	}
	token, err := c.exchange(ctx, p, a, q.Get("code"))
	if err != nil {
		return Person{}, err
	}
	return c.identify(ctx, p, a, token)
}

// checkAnswer checks that the address is the answer to the attempt of this browser, and that it is this provider's
// (RFC 9207).
func (c *Client) checkAnswer(a Attempt, q url.Values) error {
	if a.State == "" || len(q["state"]) != 1 || subtle.ConstantTimeCompare([]byte(a.State), []byte(q.Get("state"))) != 1 {
		return fmt.Errorf("%w: it does not belong to a sign-in that this browser began", ErrNotProven)
	}
	if from, has := q["iss"]; has && !slices.Equal(from, []string{c.Settings.Issuer}) {
		return fmt.Errorf("%w: it is another provider's", ErrNotProven)
	}
	if code := q.Get("error"); code != "" {
		return fmt.Errorf("%w: %s", ErrRefused, sources.OneLine(code+" "+q.Get("error_description"), maxReason))
	}
	if q.Get("code") == "" {
		return fmt.Errorf("%w: it has no code", ErrNotProven)
	}
	return nil
}

// exchange gives the code back for tokens.
func (c *Client) exchange(ctx context.Context, p *provider, a Attempt, code string) (*oauth2.Token, error) {
	secret := ""
	if c.ClientSecretFile != "" {
		var err error
		if secret, err = outbound.Secret(c.ClientSecretFile); err != nil {
			return nil, fmt.Errorf("%w: client_secret_file: %w", ErrProvider, err)
		}
	}
	token, err := c.oauth(p, secret).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	var answered *oauth2.RetrieveError
	if errors.As(err, &answered) {
		reason := outbound.Redact(answered.ErrorCode+" "+answered.ErrorDescription, secret, code, a.Verifier)
		return nil, fmt.Errorf("%w: it answered %s to the code: %s", ErrRefused, answered.Response.Status, sources.OneLine(reason, maxReason))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrProvider, outbound.Redact(short(err), secret, code, a.Verifier))
	}
	return token, nil
}

// identify verifies the ID token, and reads who it is about.
func (c *Client) identify(ctx context.Context, p *provider, a Attempt, token *oauth2.Token) (Person, error) {
	raw, _ := token.Extra("id_token").(string)
	verified, err := p.verifier.Verify(ctx, raw)
	if err != nil {
		return Person{}, fmt.Errorf("%w: %s", ErrNotProven, short(err))
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(a.Nonce)) != 1 {
		return Person{}, fmt.Errorf("%w: its nonce is another sign-in's", ErrNotProven)
	}
	said, err := decode(verified)
	if err != nil {
		return Person{}, fmt.Errorf("%w: %s", ErrNotProven, short(err))
	}
	if party := said.text("azp"); party != "" && party != c.ClientID || party == "" && len(verified.Audience) > 1 {
		return Person{}, fmt.Errorf("%w: it was made for another client", ErrNotProven)
	}
	if said, err = c.complete(ctx, p, verified.Subject, said, token); err != nil {
		return Person{}, err
	}
	person, err := c.person(verified.Subject, said)
	if err != nil {
		return person, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if len(c.Grants(person.Groups)) == 0 {
		return person, ErrNoRole
	}
	return person, nil
}

// complete adds the claims of the userinfo endpoint where the token lacks the name or the groups. What the token has
// stays, because it is signed.
func (c *Client) complete(ctx context.Context, p *provider, subject string, said claims, token *oauth2.Token) (claims, error) {
	if !p.tellsMore || said.find(c.nameClaim()) != nil && said.find(c.groupsClaim()) != nil {
		return said, nil
	}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, fmt.Errorf("%w: its userinfo: %s", ErrProvider, outbound.Redact(short(err), token.AccessToken))
	}
	if info.Subject != subject {
		return nil, fmt.Errorf("%w: its userinfo is about somebody else", ErrNotProven)
	}
	more, err := decode(info)
	if err != nil {
		return nil, fmt.Errorf("%w: its userinfo: %s", ErrProvider, short(err))
	}
	for name, value := range said {
		more[name] = value
	}
	return more, nil
}
