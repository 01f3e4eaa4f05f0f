package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// What a request says is checked here, once for all addresses, before anything reads it:
// PostgreSQL stores neither NUL nor text that is not UTF-8, so that one of them in a path
// would look like a failed database, and anybody could make it.
//
// See adr/0090.

// The longest path and query, in bytes. A tool's own id has at most 200.
const (
	maxPath  = 2000
	maxQuery = 8000
)

var errText = errors.New("not valid UTF-8, or contains NUL")

// checkText returns an error for text that no database and no page can hold.
func checkText(texts ...string) error {
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
			return errText
		}
	}
	return nil
}

// refuseBadText answers 400 to a request whose path, query or headers are no text, and 414
// to one whose address is too long.
func refuseBadText(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := checkRequest(r); p != nil {
			writeProblem(w, p)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func checkRequest(r *http.Request) *api.Problem {
	if len(r.URL.Path) > maxPath || len(r.URL.RawQuery) > maxQuery {
		return problem(http.StatusRequestURITooLong, "the address is too long", "a path has at most 2000 bytes and a query 8000")
	}
	if checkText(r.URL.Path) != nil {
		return badText("the path")
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || checkValues(query) != nil {
		return badText("the query")
	}
	if checkValues(url.Values(r.Header)) != nil || checkText(r.Host) != nil {
		return badText("a header")
	}
	return nil
}

func badText(where string) *api.Problem {
	return problem(http.StatusBadRequest, where+" is not valid text", "send UTF-8 without NUL, and write % as %25")
}

func checkValues(values url.Values) error {
	for name, all := range values {
		if err := errors.Join(checkText(name), checkText(all...)); err != nil {
			return err
		}
	}
	return nil
}

// readForm reads the form of a page, of at most maxForm bytes. Its error is a problem.
func readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm()
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return problem(http.StatusRequestEntityTooLarge, "the form is larger than 16 KiB", "")
	}
	if err != nil || checkValues(r.PostForm) != nil {
		return badText("the form")
	}
	return nil
}

// apiFormat reads the bodies of the API. Every string in one is a name, or something that a
// person wrote, and becomes one line of visible text before it is checked and stored.
var apiFormat = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshalText}

func unmarshalText(body []byte, v any) error {
	if err := errors.Join(sources.CheckJSON(body), sources.CheckEscapes(body)); err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return err
	}
	cleanStrings(reflect.ValueOf(v))
	return nil
}

// cleanStrings makes every string in a decoded value one line.
func cleanStrings(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			cleanStrings(v.Elem())
		}
	case reflect.Interface:
		cleanInterface(v)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				cleanStrings(f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			cleanStrings(v.Index(i))
		}
	case reflect.Map:
		cleanMap(v)
	case reflect.String:
		v.SetString(secret.BlotLinks(sources.OneLine(v.String(), sources.MaxText)))
	}
}

// cleanInterface cleans what an interface holds, of which only a copy can be changed.
func cleanInterface(v reflect.Value) {
	if v.IsNil() {
		return
	}
	held := reflect.New(v.Elem().Type()).Elem()
	held.Set(v.Elem())
	cleanStrings(held)
	v.Set(held)
}

// cleanMap cleans the values of a map. Its keys are names of fields.
func cleanMap(v reflect.Value) {
	for _, key := range v.MapKeys() {
		value := reflect.New(v.Type().Elem()).Elem()
		value.Set(v.MapIndex(key))
		cleanStrings(value)
		v.SetMapIndex(key, value)
	}
}
