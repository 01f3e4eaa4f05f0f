package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/store"
)

// NamedTokens stores the named tokens. Every use reads the row, so that a token that was revoked is refused at once
// by every replica.
type NamedTokens interface {
	Secret(ctx context.Context, name string, fresh []byte) ([]byte, error)
	CreateToken(ctx context.Context, t store.Token) error                                // wraps store.ErrConflict
	RevokeToken(ctx context.Context, name, by string, at time.Time) (store.Token, error) // wraps store.ErrNotFound
	Token(ctx context.Context, hash string) (store.Token, error)                         // wraps store.ErrNotFound
	Tokens(ctx context.Context) ([]store.Token, error)
	UseToken(ctx context.Context, hash string, at time.Time) error
}

// signInSecret is the name of the installation's secret for named tokens and for sessions that no token of the
// file has begun.
const signInSecret = "sign-in"

// signInKey returns the installation's key; nil while it cannot be read.
func (s *Server) signInKey(ctx context.Context) identity.Key {
	if key := s.key.Load(); key != nil {
		return *key
	}
	fresh := make([]byte, sha256.Size)
	_, _ = rand.Read(fresh) // never fails
	read, err := s.Store.Secret(ctx, signInSecret, fresh)
	if err != nil || len(read) < sha256.Size {
		s.logSession(err, "cannot read the key of sessions and named tokens; refusing them")
		return nil
	}
	key := identity.Key(read)
	s.key.Store(&key)
	return key
}

// byNamedToken is whose a named token is. A made-up one is refused without a look into the database.
func (s *Server) byNamedToken(ctx context.Context, given string) identity.Identity {
	hash, ok := s.signInKey(ctx).CheckToken(given)
	if !ok {
		return identity.Identity{}
	}
	return s.byHash(ctx, hash)
}

// byHash is whose the named token of a hash is, while it is in force.
func (s *Server) byHash(ctx context.Context, hash string) identity.Identity {
	t, err := s.Store.Token(ctx, hash)
	if err != nil {
		s.logSession(err, "cannot read a named token; refusing it")
		return identity.Identity{}
	}
	now := s.Now()
	if subtle.ConstantTimeCompare([]byte(t.Hash), []byte(hash)) != 1 || !inForce(t, now) {
		return identity.Identity{}
	}
	if now.Sub(t.UsedAt) >= usedEvery {
		s.logSession(s.Store.UseToken(ctx, hash, now), "cannot store that a named token is used")
	}
	return identityOfToken(t)
}

// endedToken says that the named token of a request has ended; "" if it has none. Only who has the token learns it.
func (s *Server) endedToken(r *http.Request) string {
	given := givenToken(r)
	if !strings.HasPrefix(given, identity.Prefix) {
		return ""
	}
	hash, ok := s.signInKey(r.Context()).CheckToken(given)
	if !ok {
		return ""
	}
	t, err := s.Store.Token(r.Context(), hash)
	switch {
	case err != nil || inForce(t, s.Now()):
		return ""
	case t.RevokedBy != "":
		return "the token " + t.Name + " was revoked at " + t.RevokedAt.UTC().Format(time.RFC3339)
	}
	return "the token " + t.Name + " expired at " + t.ExpiresAt.UTC().Format(time.RFC3339)
}

func inForce(t store.Token, now time.Time) bool {
	return t.RevokedAt.IsZero() && now.Before(t.ExpiresAt)
}

// identityOfToken is the identity of a stored token. A row that does not make sense has no rights.
func identityOfToken(t store.Token) identity.Identity {
	role, err := identity.ParseRole(t.Role)
	if err != nil || len(t.Scopes) == 0 {
		return identity.Identity{}
	}
	scopes, err := identity.ParseScopes(t.Scopes, role)
	if err != nil {
		return identity.Identity{}
	}
	return identity.Identity{
		Name: t.Name, How: identity.Token, Key: t.Hash, Grants: []identity.Grant{{Role: role, Teams: t.Teams}}, Scopes: scopes, Ends: t.ExpiresAt,
	}
}
