package outbound

import (
	"net/textproto"
	"net/url"
	"slices"
	"strings"
)

// publicHeaders are the headers whose values may be shown. The value of any other
// header may come from the configuration and is treated as a secret.
var publicHeaders = []string{
	"Accept", "Accept-Encoding", "Connection", "Content-Length", "Content-Type", "Host", "User-Agent",
	"Idempotency-Key", "Webhook-Id", "Webhook-Timestamp", "X-Grafana-Org-Id", "X-Github-Api-Version",
}

// minSecretBytes is the least length of a secret that is redacted. A shorter one
// is likely to occur by chance in ordinary text.
const minSecretBytes = 6

// Redact replaces every secret in text by "[secret]". It replaces longer secrets
// first, because a secret may be part of another. Secrets of less than six bytes
// are not replaced.
func Redact(text string, secrets ...string) string {
	secrets = slices.Clone(secrets)
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range secrets {
		if len(secret) >= minSecretBytes {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return text
}

// headerSecrets returns the values of a header that may be secret, and the part
// of each value after the first space, as in "Bearer TOKEN".
func headerSecrets(key string, values []string) []string {
	if slices.Contains(publicHeaders, textproto.CanonicalMIMEHeaderKey(key)) {
		return nil
	}
	parts := slices.Clone(values)
	for _, v := range values {
		if _, credentials, found := strings.Cut(v, " "); found {
			parts = append(parts, credentials)
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
