package outbound

import "github.com/pushback/pushback/internal/secretfile"

// Secret reads a secret from its file and checks that it is strong enough. Callers read it
// for every call, so that a new secret needs no restart.
func Secret(path string) (string, error) {
	text, err := secretfile.Read(path)
	return text.Reveal(), err
}

// SecretURL reads a URL that is itself a secret from its file: anybody who knows it may post.
func SecretURL(path string) (string, error) {
	text, err := secretfile.ReadLine(path)
	if err != nil {
		return "", err
	}
	return text.Reveal(), CheckURL(text.Reveal())
}
