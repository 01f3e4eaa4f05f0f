package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pushback/pushback/internal/survey"
)

// write writes the files about a metric store and returns their names.
func (r rulesInitCommand) write(found survey.Survey, w survey.Header) ([]string, error) {
	return r.writeFiles(found.Configuration(w), found.Rules(w))
}

// writeFiles writes pushback.yml, the rules and a token, and returns their names.
func (r rulesInitCommand) writeFiles(configuration, rules string) ([]string, error) {
	if err := os.MkdirAll(filepath.Dir(r.rules()), 0o755); err != nil { //nolint:gosec // everybody may read rules
		return nil, fmt.Errorf("writing the files: %w", err)
	}
	files := []string{r.configuration(), r.rules()}
	for i, text := range []string{configuration, rules} {
		if err := r.writeFile(files[i], text); err != nil {
			return nil, fmt.Errorf("writing the files: %w", err)
		}
	}
	made, err := r.createToken()
	if err != nil {
		return nil, fmt.Errorf("writing the token: %w", err)
	}
	if made {
		files = append(files, r.token())
	}
	return files, nil
}

// createToken writes a new API token. It keeps an existing one, because pipelines may
// use it.
func (r rulesInitCommand) createToken() (made bool, err error) {
	f, err := os.OpenFile(r.token(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = fmt.Fprintln(f, rand.Text())
	return true, errors.Join(err, f.Close())
}

// writeFile creates a file; with --force it overwrites an existing one.
func (r rulesInitCommand) writeFile(name, text string) error {
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if r.Force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, how, 0o644) //nolint:gosec // as above
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
