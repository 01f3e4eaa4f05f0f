package delta

import (
	"errors"
	"strings"
)

// The largest schema that is read. A type has far less.
const (
	maxSchema = 64 << 10
	maxDepth  = 20
	maxFields = 250 // a field's number is one byte
)

var errSchema = errors.New("it does not say what it holds")

// parseSchema reads a stored schema.
func parseSchema(text string) (*shape, error) {
	if len(text) > maxSchema {
		return nil, errSchema
	}
	s, rest, err := parseShape(text, maxDepth)
	if err == nil && rest != "" {
		err = errSchema
	}
	return s, err
}

func parseShape(text string, depth int) (s *shape, rest string, err error) {
	if text == "" || depth == 0 {
		return nil, "", errSchema
	}
	s, rest = &shape{kind: kind(text[0])}, text[1:]
	switch s.kind {
	case boolKind, intKind, floatKind, textKind, timeKind, floatsKind:
		return s, rest, nil
	case sliceKind, ptrKind:
		s.elem, rest, err = parseShape(rest, depth-1)
		return s, rest, err
	case structKind:
		return parseStruct(s, rest, depth)
	}
	return nil, "", errSchema
}

func parseStruct(s *shape, rest string, depth int) (*shape, string, error) {
	for !strings.HasPrefix(rest, "}") {
		name, after, found := strings.Cut(rest, ":")
		if !found || len(s.fields) == maxFields {
			return nil, "", errSchema
		}
		one, after, err := parseShape(after, depth-1)
		if err != nil {
			return nil, "", err
		}
		text, after, found := strings.Cut(after, ",")
		if !found {
			return nil, "", errSchema
		}
		s.fields = append(s.fields, field{name: name, index: -1, shape: one, formula: parseFormula(strings.TrimPrefix(text, "="))})
		rest = after
	}
	if checkFormulas(s.fields) != "" {
		return nil, "", errSchema
	}
	return s, rest[1:], nil
}
