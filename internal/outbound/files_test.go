package outbound

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/common/config"
	"go.yaml.in/yaml/v2"
)

// everyFile is every option that names a file, as it is written.
const everyFile = `
basic_auth: {username_file: 1, password_file: 2}
authorization: {credentials_file: 3}
oauth2:
  client_secret_file: 4
  client_certificate_key_file: 5
  tls_config: {ca_file: 6, cert_file: 7, key_file: 8}
bearer_token_file: 9
tls_config: {ca_file: 10, cert_file: 11, key_file: 12}
http_headers: {X-A: {files: ["13", "14"]}}
`

func TestFilesOf(t *testing.T) {
	var options config.HTTPClientConfig
	type plain config.HTTPClientConfig // without the check that not all may be set at once
	if err := yaml.Unmarshal([]byte(everyFile), (*plain)(&options)); err != nil {
		t.Fatal(err)
	}
	found := filesOf(reflect.ValueOf(options))
	slices.Sort(found)
	if want := strings.Fields("1 10 11 12 13 14 2 3 4 5 6 7 8 9"); !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

// A file that became a pipe fails the call, at once, and is named.
func TestFilesAreNotWaitedFor(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("called with %q", r.Header.Get("Authorization"))
		}
	}))
	defer s.Close()
	path := filepath.Join(t.TempDir(), "token")
	options := config.HTTPClientConfig{Authorization: &config.Authorization{Type: "Bearer", CredentialsFile: path}}
	if _, err := New(options); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a file that is missing: %v", err)
	}
	if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	call := func() error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(r)
		return err
	}
	if err := call(); err != nil {
		t.Error(err)
	}
	if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := call(); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a pipe: %v", err)
	}
}
