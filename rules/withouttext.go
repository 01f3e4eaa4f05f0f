package rules

import (
	"encoding/json"
	"strings"
	"sync"

	"github.com/pushback/pushback/internal/strictyaml"
)

// foreign are the messages of mistakes that other parsers find, whose own messages repeat
// parts of what they read.
var foreign = map[string]string{
	codeBadPromQL:      "this expression is not valid here",
	codeBadQuery:       "this query is not valid",
	codeRefusedByStore: "the metric store would refuse this expression",
	codeBadCondition:   "this condition is not valid",
}

// WithoutText returns the diagnostic without anything that the file says: no source line, and
// nothing that the message quotes. In this form a diagnostic may leave the machine on which
// the folder is: a file there may be a copy of one that its readers may not see, and an
// unknown key is enough to show it. The place, the code and what is wrong remain; `pushback
// rules check` shows the rest.
func (d Diagnostic) WithoutText() Diagnostic {
	d.Snippet = ""
	if message, is := foreign[d.Code]; is {
		d.Message, d.Hint = message, ""
		return d
	}
	d.Message = strictyaml.WithoutText(d.Message, isLanguageWord)
	// A hint whose names are left out says nothing.
	if strings.HasPrefix(d.Hint, namesHint) || strictyaml.WithoutText(d.Hint, isLanguageWord) != d.Hint {
		d.Hint = ""
	}
	return d
}

// WithoutText returns the diagnostics without anything that the files say.
func WithoutText(all []Diagnostic) []Diagnostic {
	out := make([]Diagnostic, len(all))
	for i, d := range all {
		out[i] = d.WithoutText()
	}
	return out
}

// isLanguageWord reports whether a word belongs to the rule language, so that it says nothing
// of a file.
func isLanguageWord(word string) bool { return word == "*" || languageWords()[word] }

// languageWords are the keys and the fixed values of the schema.
var languageWords = sync.OnceValue(func() map[string]bool {
	var schema any
	if err := json.Unmarshal(Schema, &schema); err != nil {
		panic("rules: reading the schema: " + err.Error())
	}
	words := map[string]bool{}
	collectWords(schema, words)
	return words
})

// collectWords adds the keys of every "properties", and every value of an "enum".
func collectWords(schema any, words map[string]bool) {
	switch part := schema.(type) {
	case []any:
		for _, one := range part {
			collectWords(one, words)
		}
	case map[string]any:
		properties, _ := part["properties"].(map[string]any)
		for key := range properties {
			words[key] = true
		}
		values, _ := part["enum"].([]any)
		for _, value := range values {
			if word, is := value.(string); is {
				words[word] = true
			}
		}
		for _, one := range part {
			collectWords(one, words)
		}
	}
}
