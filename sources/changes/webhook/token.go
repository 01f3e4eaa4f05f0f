package webhook

import (
	"cmp"
	"errors"
	"strings"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
)

// TokenConfig is Config for tools that sign nothing, and send a fixed header that people set.
type TokenConfig struct {
	Config `yaml:",inline"`
	Header string `yaml:"header"` // that holds the secret; Authorization if empty
}

// NewToken is New for such a tool. In Authorization the secret may be a bearer token, the password of
// basic authentication, or stand alone.
func NewToken(o changes.Options, c TokenConfig, read Reader) (*Source, error) {
	foreign := func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	if strings.ContainsFunc(c.Header, foreign) {
		return nil, errors.New("header: use letters, digits and dashes, as in X-Pushback-Secret")
	}
	return New(o, c.Config, read, signature.Token(cmp.Or(c.Header, "Authorization")))
}
