package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/identity"
)

// The section of the provider is read strictly, and needs an address to send people back to.
func TestOIDC(t *testing.T) {
	const section = "oidc: {issuer: \"https://login.example.org\", client_id: pushback, client_secret_file: secret, roles: {sre: operator, shop: {role: responder, teams: [shop]}}}\n"
	f := func(source, want string) Config {
		t.Helper()
		dir := folderOf(t, map[string]string{"pushback.yml": metrics + source})
		c, problems := Load(filepath.Join(dir, "pushback.yml"), kinds)
		var said strings.Builder
		for _, p := range problems {
			said.WriteString(p.String() + "\n")
		}
		if want == "" != (len(problems) == 0) || !strings.Contains(said.String(), want) {
			t.Errorf("%s: %s; want %q", source, said.String(), want)
		}
		return c
	}
	if c := f("", ""); c.OIDC != nil {
		t.Error("a provider that nobody named")
	}
	c := f("external_url: https://pushback.example.org\n"+section, "")
	if c.OIDC == nil || c.OIDC.Roles["sre"].Role != identity.Operator || c.OIDC.Roles["shop"].Teams[0] != "shop" || !filepath.IsAbs(c.OIDC.ClientSecretFile) {
		t.Errorf("%+v", c.OIDC)
	}
	f(section, "external_url is missing")
	f("external_url: http://pushback.example.org\n"+section, "would travel in clear")
	f("external_url: http://127.0.0.1:8484\n"+section, "")
	external := "external_url: https://pushback.example.org\n"
	f(external+strings.Replace(section, "client_secret_file: secret", "client_secret_file: nowhere", 1), "nowhere")
	f(external+strings.Replace(section, "client_secret_file: secret", "client_secret: hunter2hunter2hunter2", 1), "client_secret")
	f(external+strings.Replace(section, "sre: operator", "sre: root", 1), `"root" is no role`)
	f(external+strings.Replace(section, "sre: operator", "sre: [operator]", 1), "found a list")
	f(external+strings.Replace(section, "roles", "rolls", 1), "unknown key")
	f(external+strings.Replace(section, "https://login", "http://login", 1), "must begin with https://")
}
