package store

import (
	"errors"
	"strings"
	"testing"
)

// Whatever is wrong with a database's address, the error does not show its password: nor a part
// of one whose special characters are not escaped, which is read as a host or a port.
func TestAddressesDoNotShowTheirPassword(t *testing.T) {
	const password = "k7Qz2mXv9LpRt4W"
	for _, url := range []string{
		"postgres://me:" + password + "@127.0.0.1:1/d", "postgres://me:" + password + "@127.0.0.1:port/d", "postgres://me:" + password + "@%zz/d", "postgres://me:" + password + "@h/d?sslmode=odd",
		"postgres://me:" + password + "/" + password + "@127.0.0.1:1/d", "postgres://me:" + password + "#" + password + "@127.0.0.1:1/d", "postgres://me:" + password + "?" + password + "@127.0.0.1:1/d",
		"postgres://me:" + password + "@" + password + "@127.0.0.1:1/d", "postgres://me:%zz" + password + "@h/d", "postgres://[me:" + password + "@h/d", "mysql://me:" + password + "@h/d", "postgres:me:" + password + "@h",
	} {
		for name, open := range map[string]func() (*Store, error){
			"open": func() (*Store, error) { return Open(t.Context(), url) }, "read": func() (*Store, error) { return OpenReadOnly(t.Context(), url) },
		} {
			s, err := open()
			if err == nil { // reading connects when it reads
				err = errors.Join(s.Ping(t.Context()), s.Close())
			}
			if err == nil || strings.Contains(err.Error(), password) {
				t.Errorf("%s %s: %v", name, url, err)
			}
		}
	}
}
