package changes

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/strictyaml"
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
		return Bad("%s", decodeReason(err, v))
	}
	return nil
}

// decodeReason says what is wrong with a field, without repeating its value.
func decodeReason(err error, v any) string {
	if typeErr := (*json.UnmarshalTypeError)(nil); errors.As(err, &typeErr) {
		return typeErr.Field + ": cannot be a JSON " + jsonKind(typeErr.Value)
	}
	if bad := (*sources.BadEvent)(nil); errors.As(err, &bad) {
		return bad.Reason // of a type that reads a tool's own form of a value
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return "unknown field " + clip(name) + meant(name, v)
	}
	return timesOf(v) + " has no valid value: times are RFC 3339, as in 2026-11-29T14:00:00Z, with a zone; numbers of seconds or milliseconds are not read"
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

// meant is the field that a quoted name is most likely a misspelling of, or another tool's word for.
func meant(quoted string, v any) string {
	name, err := strconv.Unquote(quoted)
	if err != nil {
		return ""
	}
	known := fieldsOf(v)
	near := otherWords[strings.ToLower(name)]
	if !slices.Contains(known, near) {
		near = strictyaml.Nearest(name, known)
	}
	if near == "" {
		return "; the fields are " + strings.Join(known, ", ")
	}
	return "; did you mean " + strconv.Quote(near) + "?"
}

// otherWords are names of other tools for the fields of an event.
var otherWords = map[string]string{
	"env": "environment", "stage": "environment", "app": "service", "application": "service", "name": "service", "project": "service",
	"tag": "version", "sha": "version", "commit": "version", "revision": "version", "image": "version", "release": "version",
	"time": "at", "timestamp": "at", "date": "at", "finished_at": "at", "started_at": "at", "deployed_at": "at", "type": "kind", "state": "status", "result": "status",
	"user": "actor", "author": "actor", "id": "change_id", "link": "url", "previous_version": "previous", "tags": "labels",
}

// fieldsOf are the names of a struct's fields in JSON.
func fieldsOf(v any) (names []string) {
	eachField(v, func(name string, _ reflect.Type) { names = append(names, name) })
	return names
}

// timesOf names the field of a struct that is a time, where there is one only.
func timesOf(v any) string {
	var times []string
	eachField(v, func(name string, t reflect.Type) {
		if t == reflect.TypeFor[time.Time]() {
			times = append(times, name)
		}
	})
	if len(times) != 1 {
		return "a field"
	}
	return times[0]
}

func eachField(v any, do func(name string, t reflect.Type)) {
	t := reflect.TypeOf(v)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return
	}
	for field := range t.Elem().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			do(name, field.Type)
		}
	}
}
