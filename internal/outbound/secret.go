package outbound

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// maxSecretBytes bounds the size of a secret file.
const maxSecretBytes = 4 << 10

// Secret reads a secret from its file and removes white space at both ends.
// Callers read it for every call, so that a new secret needs no restart.
func Secret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	switch {
	case len(text) > maxSecretBytes:
		return "", fmt.Errorf("reading a secret: %s is over %d bytes", path, maxSecretBytes)
	case secret == "":
		return "", fmt.Errorf("reading a secret: %s is empty", path)
	case strings.ContainsAny(secret, "\n\r\x00"):
		return "", fmt.Errorf("reading a secret: %s has more than one line", path)
	}
	return secret, nil
}
