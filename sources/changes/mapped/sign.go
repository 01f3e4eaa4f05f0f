package mapped

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Sign is how the tool proves who it is.
type Sign struct {
	Scheme string `yaml:"scheme"` // token by default
	Header string `yaml:"header"` // that carries the proof
	Prefix string `yaml:"prefix"` // before the sum, such as "sha256="; hmac only
}

// schemes are the words for the schemes, in the order of docs/mapping.md.
var schemes = []string{"token", "hmac", "hmac-base64", "hmac-sha1", "hmac-sha512", "standard", "configcat"}

// scheme makes the scheme of the settings.
func (s Sign) scheme() (signature.Scheme, error) {
	if s.Prefix != "" && s.Scheme != "hmac" {
		return signature.Scheme{}, errors.New("sign.prefix: only the scheme hmac has a prefix")
	}
	switch s.Scheme {
	case "", "token":
		return signature.Token(cmp.Or(s.Header, "Authorization")), nil
	case "standard", "configcat":
		if s.Header != "" {
			return signature.Scheme{}, fmt.Errorf("sign.header: the scheme %s has headers of its own", s.Scheme)
		}
		if s.Scheme == "standard" {
			return signature.StandardWebhooks(), nil
		}
		return signature.ConfigCat(), nil
	}
	return s.ofBody()
}

// ofBody makes a scheme that signs the body and nothing else.
func (s Sign) ofBody() (signature.Scheme, error) {
	build := map[string]func() signature.Scheme{
		"hmac":        func() signature.Scheme { return signature.HexHMAC(s.Header, s.Prefix) },
		"hmac-base64": func() signature.Scheme { return signature.Base64HMAC(s.Header) },
		"hmac-sha1":   func() signature.Scheme { return signature.HexHMACSHA1(s.Header) },
		"hmac-sha512": func() signature.Scheme { return signature.HexHMACSHA512(s.Header) },
	}[s.Scheme]
	if build == nil {
		reason := fmt.Sprintf("sign.scheme: there is no such scheme: write one of %v", schemes)
		if near := strictyaml.Nearest(s.Scheme, schemes); near != "" {
			reason = fmt.Sprintf("sign.scheme: there is no such scheme: did you mean %s?", near)
		}
		return signature.Scheme{}, errors.New(reason)
	}
	if s.Header == "" {
		return signature.Scheme{}, fmt.Errorf("sign.header is missing: name the header that carries the signature, as in {scheme: %s, header: X-Signature}", s.Scheme)
	}
	return build(), nil
}
