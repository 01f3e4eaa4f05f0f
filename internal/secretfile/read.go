// Package secretfile reads secrets from their files, one a file. Every secret of Pushback
// is read here, so that each is bounded, is one line, and is strong enough.
package secretfile

import (
	"fmt"
	"strings"

	"github.com/pushback/pushback/internal/boundedfile"
	"github.com/pushback/pushback/internal/secret"
)

// maxBytes bounds the size of a secret file. A larger one is the wrong file.
const maxBytes = 4 << 10

// Read reads a secret from its file, removes white space at both ends and checks that it is
// strong enough. Callers read it for every use, so that a new secret needs no restart and a
// file that was emptied lets nobody in.
func Read(path string) (secret.Text, error) {
	line, err := ReadLine(path)
	if err != nil {
		return "", err
	}
	if err := secret.Check(line.Reveal()); err != nil {
		return "", fmt.Errorf("reading a secret: %s: %w", path, err)
	}
	return line, nil
}

// ReadLine is Read for a secret that another system has made and that lets nobody into
// Pushback, such as the URL of a chat's webhook: it must be one line and not empty.
func ReadLine(path string) (secret.Text, error) {
	text, err := boundedfile.Read(path, maxBytes)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	line := strings.TrimSpace(string(text))
	switch {
	case line == "":
		return "", fmt.Errorf("reading a secret: %s is empty", path)
	case strings.ContainsAny(line, "\n\r\x00"):
		return "", fmt.Errorf("reading a secret: %s has more than one line", path)
	}
	return secret.Text(line), nil
}
