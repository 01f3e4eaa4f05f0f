package store

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// testToken is a token that was made at a minute, for half an hour.
func testToken(name string, minute int) Token {
	return Token{
		Hash: name + " hash of " + at(minute).Format(time.TimeOnly), Name: name, Role: "responder", Scopes: []string{"read", "respond"}, Teams: []string{"shop"},
		CreatedAt: at(minute), CreatedBy: "ada", ExpiresAt: at(minute + 30),
	}
}

// A token is stored until it is revoked, once for a name, and the journal says who made it and who revoked it.
func namedTokens(t *testing.T, s *Store) {
	ci := testToken("ci", 0)
	if err := s.CreateToken(t.Context(), ci); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateToken(t.Context(), testToken("ci", 1)); !errors.Is(err, ErrConflict) {
		t.Errorf("a second token of the name: %v", err)
	}
	again := testToken("other", 0)
	again.Hash = ci.Hash
	if err := s.CreateToken(t.Context(), again); !errors.Is(err, ErrConflict) {
		t.Errorf("a second token of the hash: %v", err)
	}
	for _, minute := range []int{5, 4} { // a replica whose clock is behind
		if err := s.UseToken(t.Context(), ci.Hash, at(minute)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Token(t.Context(), ci.Hash)
	if err != nil || got.Name != "ci" || got.Role != "responder" || !slices.Equal(got.Scopes, ci.Scopes) || !slices.Equal(got.Teams, ci.Teams) || !got.UsedAt.Equal(at(5)) || !got.RevokedAt.IsZero() || !got.ExpiresAt.Equal(ci.ExpiresAt) {
		t.Errorf("stored as %+v, %v", got, err)
	}
	if _, err := s.Token(t.Context(), "nothing"); !errors.Is(err, ErrNotFound) {
		t.Errorf("no token: %v", err)
	}
	tokensRevoked(t, s, ci)
}

func tokensRevoked(t *testing.T, s *Store, ci Token) {
	t.Helper()
	for _, session := range []Session{{ID: "of ci", How: "token", Token: ci.Hash}, {ID: "of ada", How: "oidc", Issuer: "https://login", Subject: "7", Name: "ada", Groups: []string{"sre"}}} {
		session.BegunAt, session.UsedAt, session.EndsAt = at(2), at(2), at(40)
		if err := s.BeginSession(t.Context(), session, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.RevokeToken(t.Context(), "ci", "bob", at(6)); err != nil || !got.RevokedAt.Equal(at(6)) || got.RevokedBy != "bob" {
		t.Errorf("revoked as %+v, %v", got, err)
	}
	if _, err := s.RevokeToken(t.Context(), "ci", "bob", at(7)); !errors.Is(err, ErrNotFound) {
		t.Errorf("revoked twice: %v", err)
	}
	if got, err := s.Token(t.Context(), ci.Hash); err != nil || !got.RevokedAt.Equal(at(6)) {
		t.Errorf("after it was revoked: %+v, %v", got, err)
	}
	if _, err := s.Session(t.Context(), "of ci"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the session of a revoked token: %v", err)
	}
	if got, err := s.Session(t.Context(), "of ada"); err != nil || got.Name != "ada" || got.Issuer != "https://login" || got.Subject != "7" || !slices.Equal(got.Groups, []string{"sre"}) || got.How != "oidc" {
		t.Errorf("the session of somebody else: %+v, %v", got, err)
	}
	if err := s.CreateToken(t.Context(), testToken("ci", 8)); err != nil {
		t.Errorf("the name of a revoked token: %v", err)
	}
	if err := s.CreateToken(t.Context(), testToken("ci", 39)); err != nil {
		t.Errorf("the name of a token that has expired: %v", err)
	}
	journal, err := s.Journal(t.Context(), "")
	var said []string
	for _, e := range journal {
		said = append(said, e.Actor+" "+e.Action)
	}
	if want := []string{"ada create token", "bob revoke token", "ada create token", "ada create token"}; err != nil || !slices.Equal(said, want) {
		t.Errorf("the journal says %q, %v", said, err)
	}
}

// What is in force stays, however old it is.
func tokensPruned(t *testing.T, s *Store) {
	long := testToken("long", 0)
	long.ExpiresAt = at(0).Add(300 * 24 * time.Hour)
	for _, each := range []Token{long, testToken("expired", 0), testToken("revoked", 1), testToken("new", 20)} {
		if err := s.CreateToken(t.Context(), each); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.RevokeToken(t.Context(), "revoked", "ada", at(3)); err != nil {
		t.Fatal(err)
	}
	f := func(before int, want ...string) {
		t.Helper()
		if _, err := s.Prune(t.Context(), Ages{Before: at(before)}); err != nil {
			t.Fatal(err)
		}
		all, err := s.Tokens(t.Context())
		var left []string
		for _, each := range all {
			left = append(left, each.Name)
		}
		if err != nil || !slices.Equal(left, want) {
			t.Errorf("before minute %d: %q are left, %v; want %q", before, left, err, want)
		}
	}
	f(2, "new", "revoked", "expired", "long")
	f(4, "new", "expired", "long")
	f(31, "new", "long")
}
