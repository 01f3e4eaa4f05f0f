package playground

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The files of the folder of secrets.
const (
	TokenFile   = "token"         // of Pushback's API
	HookFile    = "hook"          // signs the calls of the rollback hook
	AdminFile   = "grafana-admin" // password of Grafana's user admin
	GrafanaFile = "grafana"       // the token with which Pushback writes annotations
)

// Secrets makes those secrets in a folder that are not there yet, and returns the API's token.
func Secrets(folder string) (token string, err error) {
	for name, text := range map[string]string{TokenFile: rand.Text(), HookFile: hookSecret(), AdminFile: rand.Text()} {
		if err := create(filepath.Join(folder, name), text); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("making the secret %s: %w\n  hint: the folder must be there, and writable for the user that this runs as", name, err)
		}
	}
	return read(filepath.Join(folder, TokenFile))
}

// hookSecret is a secret as Standard Webhooks writes it.
func hookSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// create writes a new file that every user of the containers may read: each runs as a user of
// its own. Only the containers that mount the volume see it.
func create(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444) //nolint:gosec // as above
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	return errors.Join(err, f.Close())
}

// replace writes a file anew, so that a reader sees the old text or the new one.
func replace(path, text string) error {
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := create(next, text); err != nil {
		return err
	}
	return os.Rename(next, path)
}
