package outbound

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

var errNoScheme = errors.New("the url must begin with http:// or https://")

// CheckURL checks a URL that people wrote: http or https, with a host and without
// a user or password. Its error does not repeat the URL, which may hold a secret.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return errors.New("the url is missing")
	case strings.Contains(address, "${"):
		return errors.New("the url holds ${…}, and variables of the environment are not filled in: write the url out")
	case err != nil && !strings.Contains(address, "://"):
		return errNoScheme
	case err != nil:
		return errors.New("the url cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return errNoScheme
	case u.Host == "":
		return errors.New("the url names no host")
	case u.User != nil:
		return errors.New("the url holds a user or password: put them under `http`, in a file")
	}
	if err := checkHost(u.Hostname()); err != nil {
		return fmt.Errorf("the url is refused: %w", err)
	}
	return nil
}
