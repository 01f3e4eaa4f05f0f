package rules

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"github.com/pushback/pushback/internal/strictyaml"
)

const schemaID = "https://github.com/pushback/pushback/rules/schema.json"

// TestTheSchemaFollowsTheTypes makes the schema and compares it with schema.json. With
// -update, which make generate gives, it writes the file.
func TestTheSchemaFollowsTheTypes(t *testing.T) {
	comments := comments(t)
	r := &jsonschema.Reflector{
		FieldNameTag: "yaml", ExpandedStruct: true, Mapper: mapped,
		Namer:         named,
		LookupComment: func(t reflect.Type, field string) string { return comments[t.Name()+"."+field] },
	}
	s := r.Reflect(document{})
	s.ID, s.Title, s.Description = schemaID, "Pushback rules", "Which changes to watch, which signals to judge, and what to do about a verdict."
	everyKeyIsExplained(t, s)
	refine(t, s)
	got, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("schema.json", got, 0o600); err != nil {
			t.Fatal(err)
		}
		Schema = got
	}
	if diff := cmp.Diff(string(Schema), string(got)); diff != "" {
		t.Errorf("schema.json is not what the types say: make generate (-have +want)\n%s", diff)
	}
}

// named is the name of a type in the schema.
func named(t reflect.Type) string {
	if t == reflect.TypeFor[written]() {
		return "Rule"
	}
	return strings.TrimPrefix(t.Name(), "written")
}

// mapped is the schema of a type with its own text form.
func mapped(t reflect.Type) *jsonschema.Schema {
	text := func(pattern, description string) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: pattern, Description: description}
	}
	number := &jsonschema.Schema{Type: "number", Minimum: "0"}
	switch t {
	case reflect.TypeFor[strictyaml.Duration]():
		return oneOfSchemas(text(`^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$`, ""), &jsonschema.Schema{Const: 0})
	case reflect.TypeFor[strictyaml.TextList]():
		word := &jsonschema.Schema{Type: "string"}
		return oneOfSchemas(word, &jsonschema.Schema{Type: "array", Items: word})
	case reflect.TypeFor[frequency]():
		return text(`^\s*\+?[0-9.]+\s*/\s*(day|week|month|quarter|year)\s*$`, "")
	case reflect.TypeFor[amount]():
		return oneOfSchemas(text(`^\s*\+?[0-9.]+\s*(points?|%|(([0-9]*(y|w|d|h|m|s|ms))+))?\s*$`, ""), number)
	case reflect.TypeFor[setting]():
		return oneOfSchemas(&jsonschema.Schema{Type: "string"}, &jsonschema.Schema{Type: "number"}, &jsonschema.Schema{Type: "boolean"})
	case reflect.TypeFor[Mode]():
		return &jsonschema.Schema{Type: "string", Enum: words(modes)}
	}
	return nil
}

func oneOfSchemas(all ...*jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{OneOf: all}
}

func words(all []string) []any {
	values := make([]any, len(all))
	for i, w := range all {
		values[i] = w
	}
	return values
}

// refine adds the words that are valid for a key, which the types do not have.
func refine(t *testing.T, s *jsonschema.Schema) {
	t.Helper()
	for at, known := range map[string][]string{
		"Rule.scope": {"service", "site"}, "Rule.use": LibraryNames(),
		"Signal.worse": directions, "Signal.season": {"day", "week"}, "Signal.lost": {"act", "tell"}, "Signal.if_unmatched": {"skip", "tell"},
		"Signal.combine": combinations,
		"Signal.kind":    {gauge, rate, ratio, mean}, "Expr.kind": {gauge, rate, ratio, mean},
		"Judge.services":    {judgeOwn, judgeCallers, judgeCallees},
		"Response.at_least": grades, "Response.on": occasions,
	} {
		property(t, s, at).Enum = words(known)
	}
	kind := &jsonschema.Schema{Type: "string", Enum: words(kinds)}
	property(t, s, "Watch.kind").OneOf = []*jsonschema.Schema{kind, {Type: "array", Items: kind}}
	property(t, s, "Rule.name").Pattern = ruleName.String()
	property(t, s, "Signal.name").Pattern = signalName.String()
	for _, at := range []string{"Rule.policies", "Defaults.policies"} {
		property(t, s, at).PropertyNames = &jsonschema.Schema{Enum: words(reasons)}
	}
	needed(t, s)
	short(s.Definitions["MinEffect"], mapped(reflect.TypeFor[amount]()).OneOf...)
	short(s.Definitions["Control"], &jsonschema.Schema{Type: "string"})
}

// short allows the short form of a value: one plain value.
func short(def *jsonschema.Schema, plain ...*jsonschema.Schema) {
	def.OneOf = append(plain, &jsonschema.Schema{
		Type: "object", Properties: def.Properties, Required: def.Required, AdditionalProperties: def.AdditionalProperties,
	})
	def.Type, def.Properties, def.Required, def.AdditionalProperties = "", nil, nil, nil
}

// needed adds which keys require others.
func needed(t *testing.T, s *jsonschema.Schema) {
	t.Helper()
	one := uint64(1)
	rules, _ := s.Properties.Get("rules")
	rules.MinItems = &one
	counter := map[string][]string{"counter": {"bad"}, "total": {"bad"}}
	s.Definitions["Expr"].DependentRequired, s.Definitions["Signal"].DependentRequired = counter, counter
	for _, at := range []string{"Expr.bad", "Signal.bad"} {
		property(t, s, at).MinLength = &one
	}
	has := func(keys ...string) *jsonschema.Schema { return &jsonschema.Schema{Required: keys} }
	with := func(key string, value *jsonschema.Schema) *jsonschema.Schema {
		s := has(key)
		s.Properties = jsonschema.NewProperties()
		s.Properties.Set(key, value)
		return s
	}
	s.Definitions["Rule"].AllOf = []*jsonschema.Schema{
		{AnyOf: []*jsonschema.Schema{has("signals"), has("use"), has("extends")}},
		{AnyOf: []*jsonschema.Schema{with("watch", has("service")), with("scope", &jsonschema.Schema{Const: "site"}), has("use"), has("extends")}},
	}
}

func property(t *testing.T, s *jsonschema.Schema, at string) *jsonschema.Schema {
	t.Helper()
	name, key, _ := strings.Cut(at, ".")
	def, ok := s.Definitions[name]
	if !ok {
		t.Fatalf("the schema has lost %s: it has %v", at, slices.Collect(maps.Keys(s.Definitions)))
	}
	p, ok := def.Properties.Get(key)
	if !ok {
		t.Fatalf("the schema has lost %s", at)
	}
	return p
}

func everyKeyIsExplained(t *testing.T, s *jsonschema.Schema) {
	t.Helper()
	for name, def := range s.Definitions {
		if def.Properties == nil {
			continue
		}
		for p := def.Properties.Oldest(); p != nil; p = p.Next() {
			if p.Value.Description == "" {
				t.Errorf("%s.%s has no comment where it is declared: an editor would show nothing", name, p.Key)
			}
		}
	}
}

// comments are those of the fields of a rule file. Comments on the types are for
// readers of the code.
func comments(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{"document.go", "control.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		fieldComments(file, all)
	}
	return all
}

func fieldComments(file *ast.File, all map[string]string) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, f := range s.Fields.List {
				for _, name := range f.Names {
					text := f.Doc.Text()
					if text == "" {
						text = f.Comment.Text()
					}
					all[spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(text), " ")
				}
			}
		}
		return true
	})
}
