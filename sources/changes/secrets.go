package changes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxSecret is the largest secret file in bytes. A larger one is the wrong file.
const maxSecret = 4096

// ErrNoSecret is returned for a source to which anybody could send events.
var ErrNoSecret = errors.New("no secret_files: list at least one, or set insecure: true while listening on loopback only")

// ReadSecrets reads one secret a file, without surrounding white space. Every
// one of them is accepted, so that a secret can be rotated without losing a
// delivery: add the new file, switch the sender, remove the old one.
//
// Insecure without files gives none; neither, or both, is an error.
func ReadSecrets(files []string, insecure bool) ([][]byte, error) {
	if insecure && len(files) > 0 {
		return nil, errors.New("insecure: true and secret_files exclude each other")
	}
	if !insecure && len(files) == 0 {
		return nil, ErrNoSecret
	}
	secrets := make([][]byte, 0, len(files))
	for _, file := range files {
		secret, err := readSecret(file)
		if err != nil {
			return nil, fmt.Errorf("secret_files: reading a secret: %w", err)
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

func readSecret(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxSecret {
		return nil, fmt.Errorf("%s: larger than %d bytes", file, maxSecret)
	}
	if b = bytes.TrimSpace(b); len(b) == 0 {
		return nil, fmt.Errorf("%s: empty", file)
	}
	return b, nil
}
