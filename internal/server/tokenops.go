package server

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// anybody is the metadata key of an operation that whoever is known may use, whatever they may do else.
const anybody = "anybody"

type newTokenInput struct{ Body api.NewToken }

type tokenInput struct {
	Name string `path:"name" maxLength:"63"`
	Body api.Revocation
}

func (s *Server) tokenOperations(h huma.API) {
	operation := func(id, method, path, summary, description string, errs ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: description, Tags: []string{"Sign-in"}, Errors: append([]int{401, 403}, errs...),
			Metadata: map[string]any{needs: identity.Operate},
		}
	}
	whoami := operation("whoami", http.MethodGet, "/v1/whoami", "Who you are, and what you may do", "")
	whoami.Metadata = map[string]any{anybody: true}
	huma.Register(h, whoami, s.whoami)
	huma.Register(h, operation("list-tokens", http.MethodGet, "/v1/tokens", "Named tokens", "Also those that were revoked or have expired, until they are deleted because of their age."), s.listTokens)
	create := operation("create-token", http.MethodPost, "/v1/tokens", "Create a named token", "The answer is the only place where the token stands: only its hash is stored. A named token creates no tokens.", 409, 422)
	create.DefaultStatus = http.StatusCreated
	huma.Register(h, create, s.createToken)
	huma.Register(h, operation("revoke-token", http.MethodPost, "/v1/tokens/{name}/revoke", "Revoke a named token", "At once, on every replica, with the sessions that it has begun.", 404), s.revokeToken)
}

func (s *Server) whoami(ctx context.Context, _ *struct{}) (*answerOf[api.Who], error) {
	i := identityOf(ctx)
	who := api.Who{Name: i.Name, How: string(i.How), Role: i.Role().String(), Scopes: []string{}, Teams: append([]string{}, i.Teams()...), Expires: i.Ends}
	for _, scope := range i.Scopes {
		who.Scopes = append(who.Scopes, string(scope))
	}
	return &answerOf[api.Who]{Body: who}, nil
}

func (s *Server) listTokens(ctx context.Context, _ *struct{}) (*answerOf[api.Tokens], error) {
	found, err := s.Store.Tokens(ctx)
	if err != nil {
		return nil, s.storeProblem(err)
	}
	all := []api.Token{}
	for _, t := range found {
		all = append(all, s.token(t))
	}
	return &answerOf[api.Tokens]{Body: api.Tokens{Tokens: all}}, nil
}

func (s *Server) token(t store.Token) api.Token {
	state := "in force"
	switch {
	case !t.RevokedAt.IsZero() && t.RevokedBy != "":
		state = "revoked"
	case !inForce(t, s.Now()):
		state = "expired"
	}
	return api.Token{
		Name: t.Name, State: state, Role: t.Role, Scopes: append([]string{}, t.Scopes...), Teams: append([]string{}, t.Teams...),
		Created: t.CreatedAt, CreatedBy: t.CreatedBy, Expires: t.ExpiresAt, Used: t.UsedAt, Revoked: t.RevokedAt, RevokedBy: t.RevokedBy,
	}
}

// createToken makes a token. A named token makes none: it could outlive its own end, and its revocation.
func (s *Server) createToken(ctx context.Context, in *newTokenInput) (*answerOf[api.CreatedToken], error) {
	if i := identityOf(ctx); i.How == identity.Token {
		return nil, problem(http.StatusForbidden, "a named token creates no tokens: they could outlive it", "use a token of the token file, or sign in as an operator")
	}
	t, err := s.newToken(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	key := s.signInKey(ctx)
	if key == nil {
		return nil, s.storeProblem(errors.New("the key of named tokens cannot be read"))
	}
	var random [identity.RandomBytes]byte
	_, _ = rand.Read(random[:]) // never fails
	text, hash := key.NewToken(random)
	t.Hash = hash
	if err := s.Store.CreateToken(ctx, t); errors.Is(err, store.ErrConflict) {
		return nil, problem(http.StatusConflict, "a token named "+t.Name+" is in force already", "revoke it first (pushback tokens revoke "+t.Name+"), or use another name")
	} else if err != nil {
		return nil, s.storeProblem(err)
	}
	s.Log.Info("a named token was created", "token", t.Name, "role", t.Role, "by", t.CreatedBy)
	return &answerOf[api.CreatedToken]{Body: api.CreatedToken{Token: s.token(t), Text: text}}, nil
}

// newToken checks what a new token is to be.
func (s *Server) newToken(ctx context.Context, b api.NewToken) (t store.Token, err error) {
	bad := func(err error) error {
		return problem(http.StatusUnprocessableEntity, err.Error(), "see docs/signin.md")
	}
	if err := identity.CheckTokenName(b.Name); err != nil {
		return t, bad(err)
	}
	role, err := identity.ParseRole(b.Role)
	if err != nil {
		return t, bad(err)
	}
	scopes, err := identity.ParseScopes(b.Scopes, role)
	if err != nil {
		return t, bad(err)
	}
	teams, err := checkTeamNames(b.Teams)
	if err != nil {
		return t, bad(err)
	}
	now := s.Now()
	if !b.Expires.After(now) || b.Expires.After(now.Add(identity.LongestToken)) {
		return t, bad(errors.New("expires must lie in the future, and at most 366 days from now"))
	}
	by, err := actor(ctx, b.Actor)
	t = store.Token{Name: b.Name, Role: role.String(), Teams: teams, CreatedAt: now, CreatedBy: by, ExpiresAt: b.Expires}
	for _, scope := range scopes {
		t.Scopes = append(t.Scopes, string(scope))
	}
	return t, err
}

// checkTeamNames returns each team once. An empty name would be no team, and so every service.
func checkTeamNames(teams []string) ([]string, error) {
	for _, team := range teams {
		if team == "" {
			return nil, errors.New("a team has no empty name")
		}
		if err := sources.CheckText(team, sources.MaxName); err != nil {
			return nil, errors.New("a team's name " + err.Error())
		}
	}
	teams = slices.Clone(teams)
	slices.Sort(teams)
	return slices.Compact(teams), nil
}

func (s *Server) revokeToken(ctx context.Context, in *tokenInput) (*answerOf[api.Token], error) {
	by, err := actor(ctx, in.Body.Actor)
	if err != nil {
		return nil, err
	}
	t, err := s.Store.RevokeToken(ctx, in.Name, by, s.Now())
	if errors.Is(err, store.ErrNotFound) {
		return nil, problem(http.StatusNotFound, "no token of that name is in force", "`pushback tokens list` lists them")
	}
	if err != nil {
		return nil, s.storeProblem(err)
	}
	s.Log.Info("a named token was revoked", "token", t.Name, "by", by)
	return &answerOf[api.Token]{Body: s.token(t)}, nil
}
