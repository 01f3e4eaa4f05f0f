package config

import (
	"fmt"
	"maps"
	"math"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pushback/pushback/internal/secretfile"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
)

// store reads the URL of Pushback's database; the default is an SQLite file in the
// data folder. A password in it is refused as every secret in the file is.
func (l *loader) store(data string) Store {
	s := l.file.Store
	if s.URL != "" && s.URLFile != "" {
		l.wrong("store", strictyaml.BadValue, "remove one of them", "url and url_file exclude each other")
	}
	if s.URL == "" && s.URLFile == "" {
		return Store{URL: "sqlite:" + filepath.Join(data, "pushback.db")}
	}
	u, err := url.Parse(s.URL)
	if err != nil || s.URL != "" && u.Scheme != "sqlite" && u.Scheme != "postgres" && u.Scheme != "postgresql" {
		l.wrong("store.url", BadAddress, "write sqlite:/path/to/file.db or postgres://host/database", "this is not the URL of a database")
		return s
	}
	s.URLFile = l.existing("store.url_file", s.URLFile)
	return s
}

// trust reads the section trust. By default new rules observe, and modes are not capped.
func (l *loader) trust() Trust {
	t := Trust{Cap: rules.Act, Clean: DefaultClean}
	if n := l.file.Trust.Clean; n != nil {
		if t.Clean = *n; *n < 1 || *n > 10_000 {
			l.wrong("trust.clean_changes", strictyaml.BadValue, "write a number from 1 to 10000", "this number of changes is out of range")
		}
	}
	switch l.file.Trust.NewRules {
	case "", "observe":
	case "as_written":
		t.AsWritten = true
	default:
		l.wrong("trust.new_rules", strictyaml.BadValue, "write observe or as_written", "this is not a value of new_rules")
	}
	switch l.file.Trust.Cap {
	case "", "act":
	case "ask":
		t.Cap = rules.Ask
	case "observe":
		t.Cap = rules.Observe
	default:
		l.wrong("trust.cap", strictyaml.BadValue, "write observe, ask or act", "this is not a mode")
	}
	return t
}

// address checks the address to listen on. Beyond loopback it requires a token and
// allows no insecure source.
func (l *loader) address(c Config) {
	host, port, err := net.SplitHostPort(c.Listen)
	if n, e := strconv.Atoi(port); err != nil || e == nil && (n < 0 || n > math.MaxUint16) {
		l.badListen(c.Listen)
		return
	}
	if u, err := url.Parse(c.ExternalURL); err != nil || c.ExternalURL != "" && (u.Host == "" || !strings.HasPrefix(u.Scheme, "http")) {
		l.wrong("external_url", BadAddress, "write it as in a browser, https://pushback.example.org", "this is not an http URL")
	}
	if !loopback(host) && c.TokenFile == "" {
		l.wrong("listen", OpenToAll, "add token_file, or listen on 127.0.0.1", "listening beyond this host requires a token")
	}
	if u, err := url.Parse(c.ExternalURL); loopback(host) && (c.ExternalURL == "" || err == nil && loopback(u.Hostname())) {
		return
	}
	for _, n := range slices.Sorted(maps.Keys(c.Sources)) {
		if c.Sources[n].Insecure {
			l.wrong("sources."+n+".insecure", InsecureSource, "give it secret_files, or listen on 127.0.0.1 and leave external_url out", "an insecure source is allowed only where nobody but this host can reach it")
		}
	}
}

const addressHint = "write host:port, such as 127.0.0.1:8484"

// badListen notes an address that cannot be listened on.
func (l *loader) badListen(address string) {
	if l.noted("listen") {
		return
	}
	hint := addressHint
	switch {
	case strings.Contains(address, "$"):
		hint += "; variables of the environment are not filled in"
	case strings.Contains(address, "://"):
		hint += ", without http://; TLS is a matter of web_config"
	}
	l.wrong("listen", BadAddress, hint, "this is not an address to listen on")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// StoreURL is the URL of Pushback's database, read from url_file where one is set.
func (c Config) StoreURL() (string, error) {
	if c.Store.URLFile == "" {
		return c.Store.URL, nil
	}
	url, err := secretfile.ReadLine(c.Store.URLFile)
	if err != nil {
		return "", fmt.Errorf("reading the URL of the database: %w", err)
	}
	return url.Reveal(), nil
}
