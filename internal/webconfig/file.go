package webconfig

import (
	"crypto/tls"
	"errors"
	"fmt"
	"path/filepath"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"
	"golang.org/x/crypto/bcrypt"

	"github.com/pushback/pushback/internal/boundedfile"
)

// maxFile is the size of the largest file, and of each file that it names, in bytes.
const maxFile = 1 << 20

// headers are those that the file may set.
var headers = map[string]bool{
	"Strict-Transport-Security": true, "X-Content-Type-Options": true, "X-Frame-Options": true, "X-XSS-Protection": true, "Content-Security-Policy": true,
}

// File is the path of a web config file; "" is none.
type File string

// Check finds the mistakes in the file and in the files that it names.
func (f File) Check() error {
	c, err := f.read()
	if err == nil && c.TLSConfig.IsEnabled() {
		_, err = f.tlsConfig()
	}
	return err
}

// AsksForPassword says whether requests need the name and password of a user. A file that cannot be read lets nobody in.
func (f File) AsksForPassword() bool {
	c, err := f.read()
	return err != nil || len(c.Users) > 0
}

// read reads the file. It is read at every use, so that a password that was removed is
// refused at once.
func (f File) read() (*toolkit.Config, error) {
	c := &toolkit.Config{
		TLSConfig:  toolkit.TLSConfig{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13},
		HTTPConfig: toolkit.HTTPConfig{HTTP2: true},
	}
	if f == "" {
		return c, nil
	}
	text, err := boundedfile.Read(string(f), maxFile)
	if err != nil {
		return nil, fmt.Errorf("read the web config file: %w", err)
	}
	if err := yaml.UnmarshalStrict(text, c); err != nil {
		return nil, fmt.Errorf("web config file %s: %w", f, err)
	}
	if err := check(c); err != nil {
		return nil, fmt.Errorf("web config file %s: %w", f, err)
	}
	c.TLSConfig.SetDirectory(filepath.Dir(string(f)))
	return c, nil
}

func check(c *toolkit.Config) error {
	for name := range c.HTTPConfig.Header {
		if !headers[name] {
			return fmt.Errorf("http_server_config: the header %q cannot be set here", name)
		}
	}
	for user, hash := range c.Users {
		if _, err := bcrypt.Cost([]byte(hash)); err != nil {
			return fmt.Errorf("basic_auth_users: the password of %q is not a bcrypt hash", user)
		}
	}
	if l := c.RateLimiterConfig; l.Interval < 0 || l.Burst < 0 {
		return errors.New("rate_limit: burst and interval cannot be negative")
	}
	return nil
}

// tlsConfig reads the certificates as they are now.
func (f File) tlsConfig() (*tls.Config, error) {
	c, err := f.read()
	if err != nil {
		return nil, err
	}
	t := &c.TLSConfig
	cert, key := t.TLSCert, string(t.TLSKey)
	if err := errors.Join(inline(&t.TLSCertPath, &cert), inline(&t.TLSKeyPath, &key), inline(&t.ClientCAs, &t.ClientCAsText)); err != nil {
		return nil, fmt.Errorf("web config file %s: %w", f, err)
	}
	t.TLSCert, t.TLSKey = cert, secret(key)
	made, err := toolkit.ConfigToTLSConfig(t)
	if err != nil {
		return nil, fmt.Errorf("web config file %s: %w", f, err)
	}
	return made, nil
}

// inline replaces the path of a file by what the file holds, so that the toolkit opens no file.
func inline(path, text *string) error {
	if *path == "" {
		return nil
	}
	held, err := boundedfile.Read(*path, maxFile)
	*path, *text = "", string(held)
	return err
}
