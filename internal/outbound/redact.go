package outbound

import (
	"encoding/base64"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/secret"
)

// publicHeaders are the headers whose values may be shown. The value of any other
// header may come from the configuration and is treated as a secret.
var publicHeaders = []string{
	"Accept", "Accept-Encoding", "Connection", "Content-Length", "Content-Type", "Host", "User-Agent",
	"Idempotency-Key", "Webhook-Id", "Webhook-Timestamp", "X-Grafana-Org-Id", "X-Github-Api-Version",
}

// Redact is secret.Redact, and also removes the tokens of approval links, which a receiver
// may repeat in its answer.
func Redact(text string, secrets ...string) string {
	return secret.BlotLinks(secret.Redact(text, secrets...))
}

// headerSecrets returns the values of a header that may be secret, and the part
// of each value after the first space, as in "Bearer TOKEN". Of basic authentication it also
// returns the password.
func headerSecrets(key string, values []string) []string {
	if slices.Contains(publicHeaders, textproto.CanonicalMIMEHeaderKey(key)) {
		return nil
	}
	parts := slices.Clone(values)
	for _, v := range values {
		scheme, credentials, found := strings.Cut(v, " ")
		if found {
			parts = append(parts, credentials)
		}
		if decoded, err := base64.StdEncoding.DecodeString(credentials); err == nil && strings.EqualFold(scheme, "Basic") {
			_, password, _ := strings.Cut(string(decoded), ":")
			parts = append(parts, string(decoded), password)
		}
	}
	return parts
}

// querySecrets returns the query of a URL and the values in it, which may be tokens.
func querySecrets(u *url.URL) []string {
	secrets := []string{u.RawQuery}
	for _, values := range u.Query() {
		secrets = append(secrets, values...)
	}
	return secrets
}
