package server

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/dashboards/web"
)

// docsPage shows the OpenAPI document as a page, without scripts from other
// hosts.
func (s *Server) docsPage(o *huma.OpenAPI) func(http.ResponseWriter, *http.Request) error {
	groups := operationGroups(o)
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		return s.pages.Docs(w, web.Docs{Frame: s.frame(r, "HTTP API"), Groups: groups})
	}
}

func operationGroups(o *huma.OpenAPI) []web.OperationGroup {
	groups := []web.OperationGroup{{Name: "Intake"}, {Name: "Changes"}, {Name: "Orders"}, {Name: "Gate"}, {Name: "Daemon"}}
	schemas := schemaReader{o}
	for _, path := range slices.Sorted(maps.Keys(o.Paths)) {
		for _, operation := range []*huma.Operation{o.Paths[path].Get, o.Paths[path].Post} {
			if operation == nil {
				continue
			}
			i := slices.IndexFunc(groups, func(g web.OperationGroup) bool { return g.Name == operation.Tags[0] })
			if i < 0 {
				i, groups = len(groups), append(groups, web.OperationGroup{Name: operation.Tags[0]})
			}
			groups[i].Operations = append(groups[i].Operations, schemas.operation(operation))
		}
	}
	for i, g := range groups {
		groups[i].ID = "g-" + strings.ToLower(g.Name)
		slices.SortFunc(g.Operations, func(a, b web.Operation) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	}
	return groups
}

// schemaReader makes tables and examples of the schemas of a document.
type schemaReader struct{ *huma.OpenAPI }

func (s schemaReader) operation(o *huma.Operation) web.Operation {
	v := web.Operation{ID: o.OperationID, Method: o.Method, Path: o.Path, Summary: o.Summary, Description: o.Description, Curl: s.curl(o)}
	for _, p := range o.Parameters {
		v.Parameters = append(v.Parameters, web.Parameter{Name: p.Name, In: p.In, Type: s.typeOf(p.Schema), Description: cmp.Or(p.Description, p.Schema.Description), Required: p.Required})
	}
	if o.RequestBody != nil {
		for _, kind := range slices.Sorted(maps.Keys(o.RequestBody.Content)) {
			b := s.body(kind, o.RequestBody.Content[kind])
			v.Request = &b
		}
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		answer := o.Responses[status]
		if len(answer.Content) == 0 {
			v.Answers = append(v.Answers, web.Body{Status: status, Description: answer.Description})
		}
		for _, kind := range slices.Sorted(maps.Keys(answer.Content)) {
			b := s.body(kind, answer.Content[kind])
			b.Status, b.Description = status, answer.Description
			v.Answers = append(v.Answers, b)
		}
	}
	return v
}

func (s schemaReader) body(kind string, m *huma.MediaType) web.Body {
	b := web.Body{Type: kind}
	if m.Schema == nil {
		return b
	}
	b.Fields = s.fields(m.Schema, nil)
	if strings.HasSuffix(kind, "json") && len(b.Fields) > 0 {
		b.Example = s.example(m.Schema)
	}
	return b
}

// resolve follows a reference to a schema, and returns the name that it has.
func (s schemaReader) resolve(schema *huma.Schema) (*huma.Schema, string) {
	if schema.Ref == "" {
		return schema, ""
	}
	name := schema.Ref[strings.LastIndex(schema.Ref, "/")+1:]
	return s.Components.Schemas.SchemaFromRef(schema.Ref), name
}

// maxDepth is how deeply fields are folded into one another. What lies deeper is in the document.
const maxDepth = 6

// fields are the fields of a schema, each with those of its own value. within are the names of the schemas around it:
// a schema that holds itself is named there and not shown again.
func (s schemaReader) fields(schema *huma.Schema, within []string) []web.SchemaField {
	schema, name := s.resolve(schema)
	for schema.Items != nil {
		schema, name = s.resolve(schema.Items)
	}
	if name != "" && slices.Contains(within, name) || len(within) > maxDepth {
		return nil
	}
	within = append(slices.Clone(within), name)
	var all []web.SchemaField
	for _, property := range slices.Sorted(maps.Keys(schema.Properties)) {
		of := schema.Properties[property]
		f := web.SchemaField{
			Name: property, Type: s.typeOf(of), Description: s.descriptionOf(of), Required: slices.Contains(schema.Required, property), Fields: s.fields(of, within),
		}
		if _, itself := s.resolve(of); itself != "" && slices.Contains(within, itself) {
			f.As = itself
		}
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b web.SchemaField) int { return requiredFirst(a) - requiredFirst(b) })
	return all
}

func requiredFirst(f web.SchemaField) int {
	if f.Required {
		return 0
	}
	return 1
}

func (s schemaReader) descriptionOf(schema *huma.Schema) string {
	resolved, _ := s.resolve(schema)
	return cmp.Or(schema.Description, resolved.Description)
}

// typeOf is the type of a value in words: "list of text", "time", "one of observe, ask, act".
func (s schemaReader) typeOf(schema *huma.Schema) string {
	resolved, _ := s.resolve(schema)
	if len(resolved.Enum) > 0 {
		return "one of " + enumWords(resolved)
	}
	switch resolved.Type {
	case huma.TypeArray:
		return "list of " + s.typeOf(resolved.Items)
	case huma.TypeString:
		if resolved.Format == "date-time" {
			return "time"
		}
		if resolved.ContentEncoding == "base64" {
			return "base64"
		}
		return "text"
	case huma.TypeInteger:
		return "whole number"
	case huma.TypeNumber:
		return "number"
	case huma.TypeBoolean:
		return "true or false"
	case huma.TypeObject:
		if values, ok := resolved.AdditionalProperties.(*huma.Schema); ok && len(resolved.Properties) == 0 {
			return "object of " + s.typeOf(values)
		}
		return "object"
	}
	return "any JSON"
}

func enumWords(schema *huma.Schema) string {
	words := make([]string, len(schema.Enum))
	for i, value := range schema.Enum {
		words[i], _ = value.(string)
	}
	return strings.Join(words, ", ")
}
