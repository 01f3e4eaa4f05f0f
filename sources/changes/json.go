package changes

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deeply a delivery may be nested: deeper than any tool's are.
const maxDepth = 64

// DecodeStrict fills v from body and refuses a key that v does not have, by its
// name: for Pushback's own format, where a misspelt key would be lost silently.
func DecodeStrict(body []byte, v any) error {
	return decode(body, v, (*json.Decoder).DisallowUnknownFields)
}

// Decode fills v from body, which may hold keys that v does not have: for the
// formats of other tools, which add fields at any time.
func Decode(body []byte, v any) error {
	return decode(body, v, func(*json.Decoder) {})
}

func decode(body []byte, v any, prepare func(*json.Decoder)) error {
	if err := checkWellFormed(body); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	prepare(d)
	if err := d.Decode(v); err != nil {
		return Bad("%s", decodeReason(err))
	}
	return nil
}

// checkWellFormed refuses what a decoder would accept and should not: bytes that
// are not UTF-8 (which the decoder replaces silently), objects with a key twice
// (which two readers may read as two different events), nesting beyond maxDepth,
// and anything after the one value.
func checkWellFormed(body []byte) error {
	if !utf8.Valid(body) {
		return Bad("body is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return Bad("body is not a JSON object")
	}
	if err := walkObject(d, 1); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Bad("body holds more than one JSON value")
	}
	return nil
}

// walkObject reads to the end of the object whose brace was just read.
func walkObject(d *json.Decoder, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return Bad("body is not JSON")
		}
		name, _ := key.(string)
		if seen[name] {
			return Bad("a key appears twice in one object")
		}
		seen[name] = true
		if err := walkValue(d, depth); err != nil {
			return err
		}
	}
	return readEnd(d)
}

func walkArray(d *json.Decoder, depth int) error {
	for d.More() {
		if err := walkValue(d, depth); err != nil {
			return err
		}
	}
	return readEnd(d)
}

func walkValue(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return Bad("body is not JSON")
	}
	if depth >= maxDepth {
		return Bad("body is nested deeper than %d levels", maxDepth)
	}
	switch t {
	case json.Delim('{'):
		return walkObject(d, depth+1)
	case json.Delim('['):
		return walkArray(d, depth+1)
	}
	return nil
}

// readEnd reads the closing bracket of an object or array.
func readEnd(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return Bad("body is cut short")
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
