package probes

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/sources"
)

// Mistake is what is wrong with one key of Settings. Its texts do not repeat a URL, which may
// hold a secret.
type Mistake struct{ Key, Message, Hint string }

// Check returns every mistake of settings without defaults. It calls nobody and reads no file.
func (s Settings) Check() []Mistake {
	c := &checker{}
	c.target(s)
	c.names(s)
	c.times(s)
	if s.HTTP != "" {
		c.answer(s)
	} else {
		c.onlyHTTP(s)
	}
	return c.found
}

type checker struct{ found []Mistake }

func (c *checker) note(key, hint, format string, args ...any) {
	c.found = append(c.found, Mistake{key, fmt.Sprintf(format, args...), hint})
}

func (c *checker) target(s Settings) {
	named := 0
	for _, target := range []string{s.HTTP, s.TCP, s.TLS} {
		if target != "" {
			named++
		}
	}
	switch {
	case named != 1:
		c.note("", `write one of them, as in http: "https://shop.example/"`, "a probe has exactly one of http, tcp and tls")
	case s.HTTP != "":
		c.url(s.HTTP)
	default:
		c.hostPort(s.Kind(), s.TCP+s.TLS)
	}
}

func (c *checker) url(address string) {
	if err := outbound.CheckURL(address); err != nil {
		hint := ""
		if u, bad := url.Parse(address); bad == nil && u.User != nil {
			hint = "write basic_auth: {username: NAME, password_file: FILE} beside http"
			err = fmt.Errorf("the url holds a user or password")
		}
		c.note("http", hint, "%v", err)
		return
	}
	if u, err := url.Parse(address); err == nil && u.Fragment != "" {
		c.note("http", "leave out what follows #", "a server never sees the fragment of a url")
	}
}

func (c *checker) hostPort(key, address string) {
	host, port, err := net.SplitHostPort(address)
	number, bad := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil || host == "" || bad != nil || number == 0 || strings.ContainsAny(host, "/@ "):
		c.note(key, `write host:port, as in "db:5432"`, "this is not a host with a port")
	case errors.Is(outbound.CheckURL("https://"+address), outbound.ErrLinkLocal):
		c.note(key, "", "%v", outbound.ErrLinkLocal)
	}
}

func (c *checker) names(s Settings) {
	for key, name := range map[string]string{"name": s.Name, "service": s.Service, "environment": s.Environment} {
		if err := sources.CheckName(name); err != nil {
			c.note(key, "", "this name %v", err)
		}
	}
	switch {
	case s.NetworkCheck && s.Service+s.Environment != "":
		c.note("network_check", "leave out service and environment, or network_check", "a network check belongs to no service")
	case !s.NetworkCheck && s.Service == "":
		c.note("service", "name the service whose changes this probe judges", `the key "service" is missing`)
	}
}

func (c *checker) times(s Settings) {
	if s.Every != 0 && (s.Every < minEvery || s.Every > maxEvery) {
		c.note("every", "the default is 5s", "this must be from %s to %s", shortTime(minEvery), shortTime(maxEvery))
		return
	}
	every := s.WithDefaults().Every
	if s.Timeout != 0 && (s.Timeout < minTimeout || s.Timeout > maxTimeout) {
		c.note("timeout", "the default is 3s", "this must be from %s to %s", shortTime(minTimeout), shortTime(maxTimeout))
	} else if s.Timeout >= every {
		c.note("timeout", "a probe must have ended before the next one begins", "this must be shorter than every, which is %s", shortTime(every))
	}
	if s.WarnBefore != 0 && s.WarnBefore > 366*24*time.Hour {
		c.note("warn_before", "write it as 14d", "this is longer than a year")
	}
	if s.WarnBefore != 0 && (s.TCP != "" || strings.HasPrefix(strings.ToLower(s.HTTP), "http:")) {
		c.note("warn_before", "probe https or tls, or leave the key out", "this target has no certificate")
	}
}

// answer checks what only http probes have.
func (c *checker) answer(s Settings) {
	if s.Method != "" && s.Method != "GET" && s.Method != "HEAD" {
		c.note("method", "write GET or HEAD", "a probe only reads, and this method may do more")
	}
	switch {
	case len(s.Text) > maxText:
		c.note("text", "", "the expected text has at most %d bytes", maxText)
	case !utf8.ValidString(s.Text):
		c.note("text", "", "the expected text is not valid UTF-8")
	case s.Text != "" && s.Method == "HEAD":
		c.note("text", "use GET, or leave text out", "an answer to HEAD has no text")
	}
	if len(s.RedirectHosts) > maxHosts {
		c.note("redirect_hosts", "", "at most %d hosts can be named", maxHosts)
	}
	for i, host := range s.RedirectHosts {
		if host == "" || strings.ContainsAny(host, "/:@ *") {
			c.note(fmt.Sprintf("redirect_hosts[%d]", i), "write it as www.shop.example, without port", "this is not the name of a host")
		}
	}
}

// onlyHTTP refuses the keys of http probes.
func (c *checker) onlyHTTP(s Settings) {
	for key, written := range map[string]bool{
		"status": len(s.Status) > 0, "text": s.Text != "", "method": s.Method != "", "redirect_hosts": len(s.RedirectHosts) > 0,
		"basic_auth": s.Options.BasicAuth != nil, "authorization": s.Options.Authorization != nil, "oauth2": s.Options.OAuth2 != nil,
		"http_headers": s.Options.HTTPHeaders != nil, "proxy_url": s.Options.ProxyURL.URL != nil, "bearer_token_file": s.Options.BearerTokenFile != "",
	} {
		if written {
			c.note(key, "leave it out, or probe with http", "only http probes have this key")
		}
	}
}

func shortTime(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}
