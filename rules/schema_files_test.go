package rules

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/pushback/pushback/internal/strictyaml"
)

// compiled is the schema, ready to validate a file as an editor does.
func compiled(t *testing.T) *validator.Schema {
	t.Helper()
	doc, err := validator.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource(schemaID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schemaID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// editorValue is the value that a YAML language server validates.
func editorValue(text []byte) (any, error) {
	var value any
	if err := yaml.Unmarshal(text, &value); err != nil {
		return nil, err
	}
	b, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return validator.UnmarshalJSON(bytes.NewReader(b))
}

// goodFiles are all rule files there are: fixtures, the library, and the
// examples of the documentation.
func goodFiles(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, pattern := range []string{"testdata/good/*.yml", "testdata/good/*/*.yaml", "library/*.yml", "../internal/*/testdata/red.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !IsTest(file) && len(bytes.TrimSpace(data)) > 0 {
				all[file] = data
			}
		}
	}
	for _, page := range []string{"../docs/rules.md", "../docs/library.md"} {
		for _, text := range blocks(t, page) {
			if strings.HasPrefix(text, "team:") {
				all[page+": "+text] = []byte(text)
			}
		}
	}
	return all
}

func TestTheSchemaAcceptsWhatTheLoaderAccepts(t *testing.T) {
	s, files := compiled(t), goodFiles(t)
	if len(files) < 15 {
		t.Errorf("%d files", len(files))
	}
	for name, data := range files {
		value, err := editorValue(data)
		if err != nil || value == nil {
			if set, found := LoadFiles(fstest.MapFS{"f.yml": {Data: data}}, []string{"f.yml"}, testWorld); set == nil {
				t.Errorf("%s: %v, %v", name, err, found)
			}
			continue
		}
		if err := s.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// schemaCodes are the codes of mistakes that a schema can find: those about the shape
// of the file, and about words from a fixed list.
var schemaCodes = []string{
	strictyaml.UnknownKey, strictyaml.MissingField, strictyaml.WrongType, strictyaml.Unquoted, strictyaml.BadValue,
	codeUnknownWord, codeBadName, codeUnknownLibrary,
}

// TestTheSchemaRefusesWhatItCanFind checks that no file for which the loader reports
// such a mistake is valid.
func TestTheSchemaRefusesWhatItCanFind(t *testing.T) {
	s, refused := compiled(t), map[string]bool{}
	f := func(name string, data []byte, code string) {
		t.Helper()
		value, err := editorValue(data)
		if err != nil {
			return // no YAML at all, which any editor shows
		}
		if refused[code] = true; s.Validate(value) == nil {
			t.Errorf("%s: the schema does not see %s", name, code)
		}
	}
	bad, err := fs.Glob(os.DirFS("testdata/bad"), "*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range bad {
		data, err := os.ReadFile(filepath.Join("testdata/bad", file))
		if err != nil {
			t.Fatal(err)
		}
		_, found := Load(fstest.MapFS{file: {Data: data}}, testWorld)
		for _, d := range found {
			if slices.Contains(schemaCodes, d.Code) {
				f(file, data, d.Code)
			}
		}
	}
	for _, code := range schemaCodes {
		if examples := blocks(t, "../docs/diagnostics/"+code+".md"); len(examples) == 2 {
			f(code, []byte(examples[0]), code)
		}
	}
	for _, code := range schemaCodes {
		if !refused[code] {
			t.Errorf("no file tries %s", code)
		}
	}
}
