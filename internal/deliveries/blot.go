package deliveries

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/pushback/pushback/internal/secret"
)

// blotted is a body without its secrets: the values of keys such as token and password, and
// what looks like a secret within any text. A body that is JSON stays JSON, with its keys in the order of
// the alphabet. What is longer than MaxBody is cut, and a line says so.
func blotted(body []byte) string {
	text, is := blottedJSON(body)
	if !is {
		text = hidden(strings.ReplaceAll(strings.ToValidUTF8(string(body), "\ufffd"), "\x00", "\ufffd"))
	}
	if len(text) > MaxBody {
		text = strings.ToValidUTF8(text[:MaxBody], "") + "\n… cut"
	}
	return text
}

func blottedJSON(body []byte) (string, bool) {
	if !utf8.Valid(body) {
		return "", false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return "", false
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if e.Encode(blot(v, false)) != nil {
		return "", false
	}
	return strings.TrimSuffix(out.String(), "\n"), true
}

// blot removes secrets from a value. All that stands below a key of a secret is one.
func blot(v any, isSecret bool) any {
	switch v := v.(type) {
	case map[string]any:
		clean := make(map[string]any, len(v))
		for key, value := range v {
			clean[noNUL(hidden(key))] = blot(value, isSecret || secret.Key(key))
		}
		return clean
	case []any:
		for i := range v {
			v[i] = blot(v[i], isSecret)
		}
		return v
	case string:
		if isSecret && v != "" {
			return secret.Mark
		}
		return noNUL(hidden(v))
	case json.Number:
		if isSecret {
			return secret.Mark
		}
	}
	return v
}

// noNUL replaces what PostgreSQL cannot store.
func noNUL(text string) string { return strings.ReplaceAll(text, "\x00", "\ufffd") }

// hidden is a text without what looks like a secret, line by line.
func hidden(text string) string {
	if len(text) < secret.MinBytes/2 {
		return text
	}
	lines := strings.Split(secret.BlotLinks(text), "\n")
	for i, line := range lines {
		lines[i] = secret.Hide(line)
	}
	return strings.Join(lines, "\n")
}
