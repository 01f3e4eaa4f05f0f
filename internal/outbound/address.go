package outbound

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// maxSecretBytes bounds a secret file, in bytes.
const maxSecretBytes = 4 << 10

// CheckURL says what is wrong with an address people wrote, without
// repeating it.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return errors.New("the url is missing")
	case err != nil:
		return errors.New("the url cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("the url must begin with http:// or https://")
	case u.Host == "":
		return errors.New("the url names no host")
	case u.User != nil:
		return errors.New("the url holds a user or password: put them under `http`, in a file")
	}
	return nil
}

// Secret reads a secret from its file, white space at both ends removed. It
// is read anew for every call, so that a rotated secret needs no restart.
func Secret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	switch {
	case len(text) > maxSecretBytes:
		return "", fmt.Errorf("reading a secret: %s is over %d bytes", path, maxSecretBytes)
	case secret == "":
		return "", fmt.Errorf("reading a secret: %s is empty", path)
	case strings.ContainsAny(secret, "\n\r\x00"):
		return "", fmt.Errorf("reading a secret: %s has more than one line", path)
	}
	return secret, nil
}

// maxRetryAfter is the longest a Retry-After is believed.
const maxRetryAfter = time.Hour

// RetryAfter reads Retry-After, RFC 9110 section 10.2.3: seconds or a date. A
// date is taken against the answer's own Date, so that clocks need not agree.
func RetryAfter(h http.Header) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return min(max(time.Duration(seconds)*time.Second, 0), maxRetryAfter)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
