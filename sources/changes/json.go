package changes

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/pushback/pushback/sources"
)

// DecodeStrict fills v from body and refuses a key that v does not have, by its
// name: for Pushback's own format, where a misspelt key would be lost silently.
func DecodeStrict(body []byte, v any) error {
	if err := sources.CheckEscapes(body); err != nil {
		return Bad("%s", err)
	}
	return decode(body, v, (*json.Decoder).DisallowUnknownFields)
}

// Decode fills v from body, which may hold keys that v does not have: for the
// formats of other tools, which add fields at any time. Half a surrogate pair in one of them
// becomes U+FFFD, which no name may hold: a tool that cuts a title within an emoji still
// reports its deploys.
func Decode(body []byte, v any) error {
	return decode(body, v, func(*json.Decoder) {})
}

func decode(body []byte, v any, prepare func(*json.Decoder)) error {
	if err := sources.CheckJSON(body); err != nil {
		return Bad("%s", err)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	prepare(d)
	if err := d.Decode(v); err != nil {
		return Bad("%s", decodeReason(err))
	}
	return nil
}

// decodeReason says what is wrong with a field, without repeating its value.
func decodeReason(err error) string {
	if typeErr := (*json.UnmarshalTypeError)(nil); errors.As(err, &typeErr) {
		return typeErr.Field + ": cannot be a JSON " + jsonKind(typeErr.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return "unknown field " + clip(name)
	}
	return "a field has no valid value: times are RFC 3339"
}

// jsonKind drops the number that the decoder quotes after its kind.
func jsonKind(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	return kind
}

// clip keeps a foreign key's name short. It comes quoted by the decoder, so
// it holds no control characters.
func clip(name string) string {
	const most = 64
	if len(name) > most {
		return strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}
