package server

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// exampleValues are what fields of these names are in examples, where their schema has no example of its own. One
// story is told in all of them. A test checks every example against its schema.
var exampleValues = map[string]any{
	"service": "cart", "environment": "production", "version": "1.4.2", "previous": "1.4.1", "previous_version": "1.4.1", "target_version": "1.4.1", "region": "eu",
	"actor": "amy", "why": "the checkout fails", "reason": "the checkout fails", "key": "kq3v5d2y7m", "change": "kq3v5d2y7m", "rule": "red", "team": "shop",
	"hook": "redeploy", "receiver": "shop-chat", "name": "cart", "replica": "web-1:8484", "change_id": "run-1742", "event_id": "run-1742/started", "source": "github",
	"hold": "h12", "incident": "i3", "url": "https://ci.example.com/runs/1742", "place": "red.yml:3", "rule_hash": "9f2c41d07a", "unit": "fraction", "signal": "errors",
	"query": "sum(rate(http_requests_total[1m]))", "detail": "there is no change of that name", "title": "Not Found", "status": 404, "hint": "GET /v1/changes lists the changes",
	"checksum": "5f3a9c", "id": "h12", "store": "prometheus", "file": "red.yml", "component": "metrics/prometheus",
}

// exampleTimes are those of a short story: the change begins, it is looked at, it is over.
var exampleTimes = map[string]string{
	"at": "2026-11-29T14:05:00Z", "from": "2026-11-29T13:20:00Z", "to": "2026-11-29T14:00:00Z", "since": "2026-11-29T14:05:00Z", "until": "2026-11-29T16:05:00Z",
	"started_at": "2026-11-29T14:05:00Z", "finished_at": "2026-11-29T14:06:10Z", "created_at": "2026-11-29T14:12:00Z", "expires_at": "2026-11-29T15:12:00Z",
}

const exampleTime = "2026-11-29T14:05:00Z"

// example is a value of a schema as JSON, for people. It has the fields that are required, and those that tell a reader something.
func (s schemaReader) example(schema *huma.Schema) string {
	var b bytes.Buffer
	text, err := json.Marshal(s.value("", schema, nil))
	if err != nil || json.Indent(&b, text, "", "  ") != nil {
		return ""
	}
	return b.String()
}

// value is an example of a value that a field has. within are the names of the schemas around it.
func (s schemaReader) value(field string, schema *huma.Schema, within []string) any {
	resolved, name := s.resolve(schema)
	if name != "" {
		if slices.Contains(within, name) {
			return nil
		}
		within = append(slices.Clone(within), name)
	}
	switch {
	case len(schema.Examples) > 0:
		return schema.Examples[0]
	case len(resolved.Examples) > 0:
		return resolved.Examples[0]
	case len(resolved.Enum) > 0:
		return resolved.Enum[0]
	}
	return s.ofType(field, resolved, within)
}

func (s schemaReader) ofType(field string, schema *huma.Schema, within []string) any {
	switch schema.Type {
	case huma.TypeArray:
		if one := s.value(strings.TrimSuffix(field, "s"), schema.Items, within); one != nil {
			return []any{one}
		}
		return []any{}
	case huma.TypeString:
		return exampleText(field, schema)
	case huma.TypeInteger, huma.TypeNumber:
		return exampleNumber(field, schema)
	case huma.TypeBoolean:
		return field == "open" || field == "ready"
	case huma.TypeObject:
		return s.object(schema, within)
	}
	return map[string]any{}
}

func exampleText(field string, schema *huma.Schema) any {
	if schema.Format == "date-time" {
		if at, known := exampleTimes[field]; known {
			return at
		}
		return exampleTime
	}
	if schema.ContentEncoding == "base64" {
		return "eyJhIjoxfQ=="
	}
	if text, is := exampleValues[field].(string); is {
		return text
	}
	return strings.ReplaceAll(field, "_", " ")
}

func exampleNumber(field string, schema *huma.Schema) any {
	if n, is := exampleValues[field].(int); is {
		return n
	}
	if schema.Minimum != nil {
		return *schema.Minimum
	}
	return 1
}

func (s schemaReader) object(schema *huma.Schema, within []string) any {
	value := map[string]any{}
	for _, property := range slices.Sorted(maps.Keys(schema.Properties)) {
		required := slices.Contains(schema.Required, property)
		if !required && (exampleValues[property] == nil || schema.Properties[property].Type != huma.TypeString) {
			continue
		}
		one := s.value(property, schema.Properties[property], within)
		if one == nil && !required {
			continue
		}
		value[property] = one
	}
	if values, is := schema.AdditionalProperties.(*huma.Schema); is && len(value) == 0 {
		value["name"] = s.value("name", values, within)
	}
	return value
}

// curl is a command that makes the request, with the example as its body. $PUSHBACK and $TOKEN are those of docs/api.md.
func (s schemaReader) curl(o *huma.Operation) string {
	path, query := o.Path, ""
	for _, p := range o.Parameters {
		value, _ := json.Marshal(s.parameter(p))
		text := strings.Trim(string(value), `"`)
		if p.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", text)
		} else if p.In == "query" && p.Required {
			query += "&" + p.Name + "=" + text
		}
	}
	if query != "" {
		path += "?" + query[1:]
	}
	command := `curl -sS "$PUSHBACK` + path + `" -H "Authorization: Bearer $TOKEN"`
	if o.RequestBody == nil {
		if o.Method == "POST" {
			command = strings.Replace(command, "curl -sS", "curl -sS -X POST", 1)
		}
		return command
	}
	for _, m := range o.RequestBody.Content {
		if m.Schema != nil && (m.Schema.Ref != "" || m.Schema.Type != "") {
			command += " \\\n  -H 'Content-Type: application/json' -d '" + strings.ReplaceAll(s.example(m.Schema), "'", `'\''`) + "'"
		}
	}
	return command
}

// parameter is an example of a parameter. What the path is about says what its name stands for.
func (s schemaReader) parameter(p *huma.Param) any {
	if named := map[string]string{"name": "kq3v5d2y7m", "key": "kq3v5d2y7m", "id": "h12", "source": "github"}[p.Name]; named != "" {
		return named
	}
	return s.value(p.Name, p.Schema, nil)
}
