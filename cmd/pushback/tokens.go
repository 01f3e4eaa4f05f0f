package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/strictyaml"
)

type tokensCommand struct {
	Create tokensCreateCommand `cmd:"" help:"Create a named token, and print it once."`
	List   tokensListCommand   `cmd:"" help:"List the named tokens."`
	Revoke tokensRevokeCommand `cmd:"" help:"Revoke a named token, at once and everywhere."`
}

// Help says what a named token is.
func (tokensCommand) Help() string {
	return `A named token says who uses it, in the journal and on the pages, and may do only what
its role, its scopes and its teams allow, until it expires or is revoked. Pushback
stores its hash alone. A token creates no tokens: use a line of the daemon's
token_file. See docs/signin.md.

Examples:

  pushback tokens create ci-cart --scope report --team shop
  pushback tokens create ada --role responder --expires 30d
  pushback tokens list
  pushback tokens revoke ci-cart`
}

type tokensCreateCommand struct {
	serverFlags
	Name    string              `arg:"" help:"Name of the token: what or who uses it."`
	Role    string              `enum:"viewer,responder,operator" default:"viewer" help:"viewer, responder or operator (default ${default})."`
	Scope   []string            `placeholder:"SCOPE" help:"What it may do, of read, gate, report, respond, operate; by default what its role may. Several with commas."`
	Team    []string            `placeholder:"TEAM" help:"Only for services that this team owns; by default every service. Several with commas."`
	Expires strictyaml.Duration `default:"90d" help:"For how long, at most 366d (default ${default})."`
	As      string              `help:"Who creates it; by default the user of this shell."`
}

// Help says what the scopes are, and where the token is printed.
func (tokensCreateCommand) Help() string {
	return `Prints the token alone on standard output, so that it can be written into a file.
Nobody can show it again.

Scopes:

  read     everything that is shown, and the metrics
  gate     only whether a service may be deployed, and the verdict on a version
  report   report changes
  respond  approve, reject, hold, release, false alarm (role responder)
  operate  everything else that changes something (role operator)

Examples:

  (umask 077; pushback tokens create ci-cart --scope report,gate --team shop > ci-token)
  pushback tokens create ada --role responder --expires 30d`
}

// Run creates the token.
func (t tokensCreateCommand) Run(ctx context.Context, out terminal) error {
	role, err := identity.ParseRole(t.Role)
	if err == nil {
		err = identity.CheckTokenName(t.Name)
	}
	if err == nil {
		_, err = identity.ParseScopes(t.Scope, role)
	}
	if err == nil && (t.Expires <= 0 || time.Duration(t.Expires) > identity.LongestToken) {
		err = fmt.Errorf("--expires must be at most 366d, and more than nothing")
	}
	if err != nil {
		return usageError(err)
	}
	c, err := t.client()
	if err != nil {
		return err
	}
	ask := api.NewToken{Name: t.Name, Role: t.Role, Scopes: t.Scope, Teams: t.Team, Expires: time.Now().Add(time.Duration(t.Expires)).UTC().Truncate(time.Second), Actor: deciderFlags{As: t.As}.actor()}
	var made api.CreatedToken
	if err := c.call(ctx, http.MethodPost, "/v1/tokens", ask, &made); err != nil {
		return err
	}
	if t.JSON {
		return out.printJSON(made)
	}
	fmt.Fprintf(out.warnings, "%s: %s\n", made.Name, describeToken(made.Token))
	_, err = fmt.Fprintln(out, made.Text)
	return err
}

// describeToken says what a token may do, and until when.
func describeToken(t api.Token) string {
	whose := "every service"
	if len(t.Teams) > 0 {
		whose = "services of " + strings.Join(t.Teams, ", ")
	}
	return fmt.Sprintf("%s (%s), %s, until %s", t.Role, strings.Join(t.Scopes, ", "), whose, t.Expires.UTC().Format(time.DateOnly))
}

type tokensListCommand struct {
	serverFlags
	All bool `help:"Also those that were revoked or have expired."`
}

// Help shows how to find tokens that nobody uses.
func (tokensListCommand) Help() string {
	return `Examples:

  pushback tokens list
  pushback tokens list --json | jq -r '.tokens[] | select(.used_at == null) | .name'`
}

// Run lists the tokens.
func (t tokensListCommand) Run(ctx context.Context, out terminal) error {
	c, err := t.client()
	if err != nil {
		return err
	}
	var all api.Tokens
	if err := c.call(ctx, http.MethodGet, "/v1/tokens", nil, &all); err != nil {
		return err
	}
	if !t.All {
		all.Tokens = slices.DeleteFunc(all.Tokens, func(each api.Token) bool { return each.State != "in force" })
	}
	if t.JSON {
		return out.printJSON(all)
	}
	if len(all.Tokens) == 0 {
		fmt.Fprintln(out, "no named tokens: pushback tokens create makes one")
	}
	for _, each := range all.Tokens {
		fmt.Fprintf(out, "%s  %s; %s, created by %s; %s\n", out.paint(styleStrong, each.Name), describeToken(each), stateOf(each), each.CreatedBy, lastUse(each))
	}
	return nil
}

func stateOf(t api.Token) string {
	if t.State == "revoked" {
		return "revoked by " + t.RevokedBy
	}
	return t.State
}

func lastUse(t api.Token) string {
	if t.Used.IsZero() {
		return "never used"
	}
	return "used last at " + t.Used.UTC().Format("2006-01-02 15:04 MST")
}

type tokensRevokeCommand struct {
	serverFlags
	Name string `arg:"" help:"Name of the token."`
	As   string `help:"Who revokes it; by default the user of this shell."`
}

// Help says what ends with a token.
func (tokensRevokeCommand) Help() string {
	return `The token is refused from now on by every replica, and the sessions that it has
begun end.

Example:

  pushback tokens revoke ci-cart`
}

// Run revokes the token.
func (t tokensRevokeCommand) Run(ctx context.Context, out terminal) error {
	c, err := t.client()
	if err != nil {
		return err
	}
	var revoked api.Token
	if err := c.call(ctx, http.MethodPost, "/v1/tokens/"+pathSegment(t.Name)+"/revoke", api.Revocation{Actor: deciderFlags{As: t.As}.actor()}, &revoked); err != nil {
		return err
	}
	if t.JSON {
		return out.printJSON(revoked)
	}
	_, err = fmt.Fprintf(out, "%s is revoked; %s\n", out.paint(styleStrong, revoked.Name), lastUse(revoked))
	return err
}

// whoamiCommand shows what the daemon makes of a token.
type whoamiCommand struct{ serverFlags }

// Help shows the use of it.
func (whoamiCommand) Help() string {
	return `Shows who the daemon takes the token of --token-file for, and what it may do.

Examples:

  pushback whoami --token-file ci-token
  pushback whoami --json | jq -r .role`
}

// Run asks the daemon.
func (w whoamiCommand) Run(ctx context.Context, out terminal) error {
	c, err := w.client()
	if err != nil {
		return err
	}
	var who api.Who
	if err := c.call(ctx, http.MethodGet, "/v1/whoami", nil, &who); err != nil {
		return err
	}
	if w.JSON {
		return out.printJSON(who)
	}
	name := "nobody in particular"
	if who.Name != "" {
		name = who.Name
	}
	whose := "for every service"
	if len(who.Teams) > 0 {
		whose = "for services of " + strings.Join(who.Teams, ", ")
	}
	_, err = fmt.Fprintf(out, "%s, by %s: %s (%s), %s\n", out.paint(styleStrong, name), who.How, who.Role, strings.Join(who.Scopes, ", "), whose)
	return err
}
