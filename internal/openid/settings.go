package openid

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/outbound"
)

// The claims that are read where no others are named. An e-mail address says who somebody is on every journal line,
// and few providers let people choose it.
const (
	defaultNameClaim   = "email"
	defaultGroupsClaim = "groups"
)

// CallbackPath is where the provider sends people back to, under external_url.
const CallbackPath = "/signin/callback"

// Settings are the section oidc of pushback.yml.
type Settings struct {
	Issuer             string               `yaml:"issuer" required:"true"`
	ClientID           string               `yaml:"client_id" required:"true"`
	ClientSecretFile   string               `yaml:"client_secret_file"` // without it the client is public, and only PKCE protects the code
	Scopes             []string             `yaml:"scopes"`             // besides openid; by default profile and email
	Claims             Claims               `yaml:"claims"`
	Roles              map[string]GroupRole `yaml:"roles"` // by group
	DefaultRole        *identity.Role       `yaml:"default_role"`
	CAFile             string               `yaml:"ca_file"` // of the provider's certificate
	config.ProxyConfig `yaml:",inline"`
}

// Claims name where the provider says who somebody is.
type Claims struct {
	Name   string `yaml:"name"`
	Groups string `yaml:"groups"`
}

// GroupRole is the role of a group, for the services of some teams or for all.
type GroupRole struct {
	Role  identity.Role
	Teams []string
}

// UnmarshalYAML reads a role, or a role with teams.
func (g *GroupRole) UnmarshalYAML(decode func(any) error) error {
	var whole any
	_ = decode(&whole)
	if _, is := whole.(string); is {
		return decode(&g.Role)
	}
	var written struct {
		Role  identity.Role `yaml:"role" required:"true"`
		Teams []string      `yaml:"teams" required:"true"`
	}
	err := decode(&written)
	g.Role, g.Teams = written.Role, written.Teams
	return err
}

// Validate finds the mistakes that reading does not.
func (s *Settings) Validate() error {
	u, err := url.Parse(s.Issuer)
	if err := outbound.CheckURL(s.Issuer); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	switch {
	case err != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("issuer has a query or a fragment: write it as the provider's discovery document has it, such as https://login.example.org")
	case u.Scheme != "https" && !isLoopback(u.Hostname()):
		return errors.New("issuer must begin with https://, because its answers say who somebody is")
	case len(s.Roles) == 0 && s.DefaultRole == nil:
		return errors.New("roles is empty, so that nobody could sign in: write a group and its role, as in roles: {sre: operator}")
	}
	for _, group := range slices.Sorted(maps.Keys(s.Roles)) {
		if err := s.Roles[group].check(); err != nil {
			return fmt.Errorf("roles.%s: %w", group, err)
		}
	}
	return nil
}

func (g GroupRole) check() error {
	if g.Teams != nil && len(g.Teams) == 0 || slices.Contains(g.Teams, "") {
		return errors.New("teams names no team: leave it out for every service")
	}
	if len(g.Teams) > 0 && g.Role == identity.Viewer {
		return errors.New("a viewer reads everything: leave teams out")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// scopes are what is asked of the provider.
func (s Settings) scopes() []string {
	more := s.Scopes
	if len(more) == 0 {
		more = []string{"profile", "email"}
	}
	return append([]string{"openid"}, slices.DeleteFunc(slices.Clone(more), func(scope string) bool { return scope == "openid" })...)
}

func (s Settings) nameClaim() string   { return cmp.Or(s.Claims.Name, defaultNameClaim) }
func (s Settings) groupsClaim() string { return cmp.Or(s.Claims.Groups, defaultGroupsClaim) }

// Grants are the roles of somebody who is in these groups; none if they have no role. Groups that have no role are
// nothing.
func (s Settings) Grants(groups []string) (grants []identity.Grant) {
	for _, group := range slices.Sorted(maps.Keys(s.Roles)) {
		if slices.Contains(groups, group) {
			grants = append(grants, identity.Grant{Role: s.Roles[group].Role, Teams: s.Roles[group].Teams})
		}
	}
	if len(grants) == 0 && s.DefaultRole != nil {
		grants = []identity.Grant{{Role: *s.DefaultRole}}
	}
	return grants
}

// Name is the provider's host, for people.
func (s Settings) Name() string {
	u, err := url.Parse(s.Issuer)
	if err != nil {
		return "the provider"
	}
	return u.Host
}

// redirectURL is where the provider sends people back to.
func redirectURL(external string) string { return external + CallbackPath }
