package config

import (
	"net/url"

	"github.com/pushback/pushback/internal/openid"
	"github.com/pushback/pushback/internal/strictyaml"
)

// oidc reads the section of the provider where people sign in; nil where there is none.
func (l *loader) oidc() *openid.Settings {
	s := l.file.OIDC
	if s == nil || mistakenAt(l.wrongAt, "oidc") {
		return s
	}
	l.paths("oidc", s)
	u, err := url.Parse(l.file.ExternalURL)
	switch {
	case l.file.ExternalURL == "":
		l.wrong("oidc", strictyaml.MissingField, "write external_url, such as https://pushback.example.org; the provider must know "+openid.CallbackPath+" under it", "the provider cannot send people back, because external_url is missing")
	case err == nil && u.Scheme == "http" && !loopback(u.Hostname()):
		l.wrong("external_url", BadAddress, "put TLS in front, and write https:// here", "people sign in at a provider, and their sessions would travel in clear")
	}
	return s
}
