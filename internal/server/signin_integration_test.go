//go:build integration

package server

import (
	"testing"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/store"
)

// A sign-out ends the session on the other replica, and a session survives a restart.
func TestSigningOutOnPostgreSQL(t *testing.T) {
	where := servertest.PostgreSQL(t).URL
	open := func() *store.Store {
		st, err := store.Open(t.Context(), where)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = st.Close() })
		return st
	}
	first, second := open(), open()
	testSigningOut(t, first, second)
	tokens := tokenFile(t)
	with := func(st *store.Store) func(*Options) {
		return func(o *Options) { o.Store, o.Engine, o.TokenFile = st, storeEngine{st}, tokens }
	}
	_, _, session := newBrowser(t, with(first)).signIn(token, "/")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	newBrowser(t, with(open())).reads(session, true)
}

// A revoked token is refused by the other replica, and its sessions end there.
func TestNamedTokensEndOnPostgreSQL(t *testing.T) {
	where := servertest.PostgreSQL(t).URL
	open := func() *store.Store {
		st, err := store.Open(t.Context(), where)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = st.Close() })
		return st
	}
	testNamedTokensEnd(t, open(), open())
}
