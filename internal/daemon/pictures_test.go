package daemon

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pushback/pushback/internal/config"
)

// Addresses of pictures are given out only where others can fetch them: under an address, and without a password.
func TestSharesPictures(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "web.yml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, one := range map[string]struct {
		config config.Config
		want   bool
	}{
		"nothing":           {config.Config{}, false},
		"an address":        {config.Config{ExternalURL: "https://pushback.example"}, true},
		"headers alone":     {config.Config{ExternalURL: "https://pushback.example", WebConfig: file("http_server_config: {headers: {X-XSS-Protection: '0'}}\n")}, true},
		"a password":        {config.Config{ExternalURL: "https://pushback.example", WebConfig: file("basic_auth_users: {ada: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi}\n")}, false},
		"an unreadable one": {config.Config{ExternalURL: "https://pushback.example", WebConfig: "no/such/file"}, false},
	} {
		if got := sharesPictures(one.config); got != one.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
