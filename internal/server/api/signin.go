package api

import "time"

// Who is who a request comes from, and what they may do.
type Who struct {
	Name    string    `json:"name,omitempty" doc:"As the journal shows it; absent: nobody can tell, and requests say it"`
	How     string    `json:"how" enum:"token file,token,oidc,password,this host"`
	Role    string    `json:"role" enum:"viewer,responder,operator" doc:"The highest of the roles"`
	Scopes  []string  `json:"scopes" doc:"What may be done: read, gate, report, respond, operate"`
	Teams   []string  `json:"teams" doc:"Only services that these teams own; none: every service"`
	Expires time.Time `json:"expires_at,omitzero"`
}

// NewToken is a named token to create.
type NewToken struct {
	Name    string    `json:"name" minLength:"1" maxLength:"63" doc:"Lower-case letters, digits, dots, - and _"`
	Role    string    `json:"role" enum:"viewer,responder,operator"`
	Scopes  []string  `json:"scopes,omitempty" maxItems:"10" doc:"read, gate, report, respond, operate; absent: those of the role"`
	Teams   []string  `json:"teams,omitempty" maxItems:"100" doc:"Only for services that these teams own; absent: every service"`
	Expires time.Time `json:"expires_at" doc:"At most 366 days from now"`
	Actor   string    `json:"actor,omitempty" maxLength:"200" doc:"Who creates it, where the request's token names nobody"`
}

// Token is a named token, without the token itself.
type Token struct {
	Name      string    `json:"name"`
	State     string    `json:"state" enum:"in force,expired,revoked"`
	Role      string    `json:"role"`
	Scopes    []string  `json:"scopes"`
	Teams     []string  `json:"teams"`
	Created   time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
	Expires   time.Time `json:"expires_at"`
	Used      time.Time `json:"used_at,omitzero" doc:"When it was used last, to the minute; absent: never"`
	Revoked   time.Time `json:"revoked_at,omitzero"`
	RevokedBy string    `json:"revoked_by,omitempty"`
}

// CreatedToken is a new token, with the token itself.
type CreatedToken struct {
	Token
	Text string `json:"token" doc:"The token; nobody can show it again"`
}

// Tokens are the named tokens, the newest first.
type Tokens struct {
	Tokens []Token `json:"tokens"`
}

// Revocation says who revokes a token.
type Revocation struct {
	Actor string `json:"actor,omitempty" maxLength:"200" doc:"Who revokes it, where the request's token names nobody"`
}
