// Package identity says who sent a request and what they may do: roles, scopes and teams. It decides from
// values alone, so that every address, page and form of the server asks the same few functions.
//
//	Role     viewer, responder, operator: what a person may do
//	Scope    read, gate, report, respond, operate: what a request does, and what a token is limited to
//	Grant    a role, for every service or for the services of some teams
//	Identity who, how they proved it, and what was granted
//
// The zero Identity is a stranger, who may do nothing.
//
// See adr/0130.
package identity
