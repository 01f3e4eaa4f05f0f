package config

import (
	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/internal/strictyaml"
)

// secrets refuses every secret that is written in a file of the configuration, at whatever
// key of whichever adapter, and removes it from the texts of all other mistakes. It reads the
// file once more without types, so that it sees keys that no adapter has, too.
func (l *loader) secrets(data []byte) {
	var root any
	places, _ := strictyaml.Decode(data, &root) // its problems are those of the whole reading
	var values []string
	secret.Walk(root, func(path, value string, f secret.Finding) {
		l.wrongAt, values = append(l.wrongAt, path), append(values, value)
		l.at(places.Value(path), SecretInFile, f.What+" must not be written in this file", f.Hint)
	})
	for i, d := range l.found {
		l.found[i].Message, l.found[i].Hint = secret.Redact(d.Message, values...), secret.Redact(d.Hint, values...)
	}
}
