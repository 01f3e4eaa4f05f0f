package config

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
)

// store says where the state is kept: SQLite in the data folder, unless the
// file says otherwise. A password in the file itself is refused.
func (l *loader) store(data string) Store {
	s := l.file.Store
	if s.URL != "" && s.URLFile != "" {
		l.wrong("store", strictyaml.BadValue, "keep one of them", "url and url_file exclude each other")
	}
	if s.URL == "" && s.URLFile == "" {
		return Store{URL: "sqlite:" + filepath.Join(data, "pushback.db")}
	}
	u, err := url.Parse(s.URL)
	if err != nil || s.URL != "" && u.Scheme != "sqlite" && u.Scheme != "postgres" && u.Scheme != "postgresql" {
		l.wrong("store.url", BadAddress, "write sqlite:/path/to/file.db or postgres://host/database", "this is no address of a store")
		return s
	}
	if _, secret := u.User.Password(); secret {
		l.wrong("store.url", SecretInFile, "write the address into a file of its own and name that as url_file", "a password does not belong in this file")
	}
	s.URLFile = l.existing("store.url_file", s.URLFile)
	return s
}

// trust reads how far rules are believed; unless told otherwise new rules
// observe, and nothing is capped.
func (l *loader) trust() Trust {
	t := Trust{Cap: rules.Act, Clean: DefaultClean}
	if n := l.file.Trust.Clean; n != nil {
		if t.Clean = *n; *n < 1 || *n > 10_000 {
			l.wrong("trust.clean_changes", strictyaml.BadValue, "write a number from 1 to 10000", "this is no number of changes")
		}
	}
	switch l.file.Trust.NewRules {
	case "", "observe":
	case "as_written":
		t.AsWritten = true
	default:
		l.wrong("trust.new_rules", strictyaml.BadValue, "write observe or as_written", "this is no way to trust a new rule")
	}
	switch l.file.Trust.Cap {
	case "", "act":
	case "ask":
		t.Cap = rules.Ask
	case "observe":
		t.Cap = rules.Observe
	default:
		l.wrong("trust.cap", strictyaml.BadValue, "write observe, ask or act", "this is no mode")
	}
	return t
}

// address checks where we listen, and that what is unguarded is not offered
// to the network.
func (l *loader) address(c Config) {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		l.wrong("listen", BadAddress, "write host:port, such as 127.0.0.1:8484", "this is no address to listen on")
		return
	}
	if u, err := url.Parse(c.ExternalURL); err != nil || c.ExternalURL != "" && (u.Host == "" || !strings.HasPrefix(u.Scheme, "http")) {
		l.wrong("external_url", BadAddress, "write it as people type it, https://pushback.example.org", "this is no http address")
	}
	if loopback(host) {
		return
	}
	if c.TokenFile == "" {
		l.wrong("listen", OpenToAll, "add token_file, or listen on 127.0.0.1", "listening beyond this host needs a token")
	}
	for _, n := range slices.Sorted(maps.Keys(c.Sources)) {
		if c.Sources[n].Insecure {
			l.wrong("sources."+n+".insecure", InsecureSource, "give it secret_files, or listen on 127.0.0.1", "an insecure source is allowed only while listening on loopback")
		}
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// StoreURL is the store's address, read from its file where the file holds it.
func (c Config) StoreURL() (string, error) {
	if c.Store.URLFile == "" {
		return c.Store.URL, nil
	}
	b, err := os.ReadFile(c.Store.URLFile)
	if err != nil {
		return "", fmt.Errorf("reading the store's address: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}
