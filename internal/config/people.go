package config

import (
	"github.com/pushback/pushback/internal/people"
	"github.com/pushback/pushback/internal/strictyaml"
)

// people checks the section people.
func (l *loader) people() people.List {
	list, mistakes := people.New(l.file.People)
	for _, m := range mistakes {
		l.wrong("people."+m.Path, strictyaml.BadValue, m.Hint, "%s", m.Message)
	}
	return list
}
