package config

import (
	"fmt"
	"slices"

	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/internal/secretfile"
	"github.com/pushback/pushback/internal/strictyaml"
)

// secrets refuses every secret that is written in a file of the configuration, at whatever
// key of whichever adapter, and removes it from the texts of all other mistakes. It reads the
// document once more without types, so that it sees keys that no adapter has, too.
func (l *loader) secrets() {
	var root any
	places, _ := l.places.DecodeAgain(&root) // its problems are those of the whole reading
	var values []string
	secret.Walk(root, func(path, value string, f secret.Finding) {
		l.wrongAt, values = append(l.wrongAt, path), append(values, value)
		l.at(places.Value(path), SecretInFile, f.What+" must not be written in this file", f.Hint)
	})
	secret.WalkFiles(root, func(f secret.File) { l.secretFile(places.Value(f.Path), f) })
	for i, d := range l.found {
		l.found[i].Message, l.found[i].Hint = secret.Redact(d.Message, values...), secret.Redact(d.Hint, values...)
	}
}

// placedFile is a file that holds a secret, and where the configuration names it.
type placedFile struct {
	secret.File
	at strictyaml.Position
}

// secretFile remembers a file that holds a secret. It refuses an empty one whose secret another
// system has chosen; adapters refuse their own.
func (l *loader) secretFile(at strictyaml.Position, f secret.File) {
	f.Name = l.path(f.Name)
	if mistakenAt(l.wrongAt, f.Path) {
		return
	}
	l.secretFiles = append(l.secretFiles, placedFile{f, at})
	if !f.Others {
		return
	}
	if _, err := secretfile.ReadLine(f.Name); err != nil {
		l.at(at, BadSettings, f.Key+": "+err.Error(), "")
	}
}

// SecretWarnings looks at the files of secrets as they are now: who else may read or change
// them, and which secrets are weak. The daemon runs all the same, because the host may have
// one user only, and a weak secret of another system is for that system to mend.
func (c Config) SecretWarnings() (all Diagnostics) {
	for _, f := range c.secretFiles {
		if who, fix := secretfile.Exposed(f.Name); who != "" {
			all = append(all, c.warnOf(f, OpenSecret, fmt.Sprintf("the secret in %s is not safe: %s", f.Name, who), fix))
		}
		if err := f.weak(); err != nil {
			all = append(all, c.warnOf(f, WeakSecret, err.Error(), ""))
		}
	}
	return all.Sorted()
}

func (c Config) warnOf(f placedFile, code, message, hint string) Diagnostic {
	return Diagnostic{File: c.File, Problem: strictyaml.Problem{Line: f.at.Line, Column: f.at.Column, Code: code, Message: message, Hint: hint}}
}

// weak refuses the secret of a file that holds one secret, and no key in a format of its own.
// The file of the API's tokens is checked by the server.
func (f placedFile) weak() (err error) {
	switch {
	case f.Path == "token_file" || slices.Contains([]string{"kubeconfig_file", "key_file", "client_certificate_key_file", "web_config"}, f.Key):
	case f.Key == "url_file":
		_, err = secretfile.ReadLine(f.Name)
	default:
		_, err = secretfile.Read(f.Name)
	}
	return err
}
