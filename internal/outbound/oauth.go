package outbound

import (
	"encoding/base64"
	"net/url"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/secretfile"
)

// oauthSecrets are the secrets that are sent for an access token. That request is made inside
// the transport, with a context of its own, so that no trace sees it; the error of one that
// fails quotes the answer, which may repeat them.
func oauthSecrets(options config.HTTPClientConfig) []string {
	o := options.OAuth2
	if o == nil {
		return nil
	}
	text := string(o.ClientSecret)
	if o.ClientSecretFile != "" {
		line, err := secretfile.ReadLine(o.ClientSecretFile)
		if err != nil {
			return nil
		}
		text = line.Reveal()
	}
	basic := url.QueryEscape(o.ClientID) + ":" + url.QueryEscape(text)
	return []string{text, base64.StdEncoding.EncodeToString([]byte(basic))}
}
