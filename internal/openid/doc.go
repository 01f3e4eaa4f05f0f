// Package openid signs people in at a provider of identities by OpenID Connect: the authorization code flow with
// PKCE. What came back is checked as the specification asks (issuer, audience, authorized party, nonce, expiry,
// signature by an asymmetric key of the provider), and the groups of a person are mapped to roles.
//
//	Begin   the address at the provider, and the secrets of one attempt, which only the browser keeps
//	Finish  from what the provider sent back to who it is
//	Grants  which roles groups have, by pushback.yml as it is now
//
// The provider is asked for its endpoints in the background. While it cannot be reached nobody can sign in there, and
// everything else works.
//
// See adr/0130.
package openid
