package changes

import (
	"errors"
	"fmt"

	"github.com/pushback/pushback/internal/secretfile"
)

// ErrNoSecret is returned for a source to which anybody could send events.
var ErrNoSecret = errors.New("no secret_files: list at least one, or set insecure: true while listening on loopback only")

// Secrets are the secrets of a source, one a file. Every one of them is accepted, so that a
// secret can be rotated without losing a delivery: add the new file, switch the sender,
// remove the old one.
type Secrets struct{ files []*secretfile.Kept }

// NewSecrets checks every file of a source. Insecure without files gives none; neither, or
// both, is an error.
func NewSecrets(files []string, insecure bool) (Secrets, error) {
	if insecure && len(files) > 0 {
		return Secrets{}, errors.New("insecure: true and secret_files exclude each other")
	}
	if !insecure && len(files) == 0 {
		return Secrets{}, ErrNoSecret
	}
	var all []error
	var kept []*secretfile.Kept
	for _, path := range files {
		file := secretfile.Keep(path)
		if _, err := file.Read(); err != nil {
			all = append(all, fmt.Errorf("secret_files: %w", err))
		}
		kept = append(kept, file)
	}
	return Secrets{kept}, errors.Join(all...)
}

// Keys are the secrets as they are now, so that a new one needs no restart. A file that
// can no longer be read, or holds too weak a secret, lets nobody in: the others still do.
func (s Secrets) Keys() [][]byte {
	keys := make([][]byte, 0, len(s.files))
	for _, file := range s.files {
		if text, err := file.Read(); err == nil {
			keys = append(keys, text.Bytes())
		}
	}
	return keys
}
