package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// serverFlags are the flags of every command that calls the daemon.
type serverFlags struct {
	Server    string `env:"PUSHBACK_SERVER" default:"http://127.0.0.1:8484" placeholder:"URL" help:"Address of the daemon (${env}; default ${default})."`
	TokenFile string `env:"PUSHBACK_TOKEN_FILE" type:"path" placeholder:"FILE" help:"File with the API token (${env})."`
	JSON      bool   `help:"Write JSON, for programs."`
}

// Bytes read at most: maxAnswer of a response, maxToken of a token file.
const (
	maxAnswer = 64 << 20
	maxToken  = 4096
)

// client calls the daemon's HTTP API.
type client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// client makes a client for the daemon that the flags name. The token comes from
// a file, because every user of the host can read a process's arguments.
func (f serverFlags) client() (*client, error) {
	base, err := url.Parse(f.Server)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, usageError(errors.New("--server is not an http address\n  hint: write it as http://127.0.0.1:8484")) // its text may hold a password
	}
	if base.User != nil {
		return nil, usageError(errors.New("--server holds a user or password, which every user of the host can read\n  hint: name a file with the API token by --token-file"))
	}
	c := &client{base: base, http: &http.Client{Timeout: 30 * time.Second, CheckRedirect: refuseRedirect}}
	if f.TokenFile == "" {
		return c, nil
	}
	c.token, err = readToken(f.TokenFile)
	if err != nil {
		return nil, usageError(fmt.Errorf("reading the API token: %w\n  hint: --token-file names the daemon's token_file, or a file with one line of it", err))
	}
	return c, nil
}

// errRedirected refuses a redirect: it could take the token to another server, and turn what
// changes something into a GET.
var errRedirected = errors.New("it redirects to another address; set --server or PUSHBACK_SERVER to the one where it answers")

func refuseRedirect(*http.Request, []*http.Request) error { return errRedirected }

// readToken reads the first token of a file. It skips comments and empty lines, so
// that the daemon's own token file can be used as it is.
func readToken(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxToken))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line, nil
		}
	}
	return "", fmt.Errorf("%s contains no token", path)
}

// call sends one request, with body as JSON unless nil, and decodes the response
// into answer unless nil. Its errors are made for people, with a hint.
func (c *client) call(ctx context.Context, method, path string, body, answer any) error {
	request, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.wrapUnreachable(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("reading the response of %s: %w", c.base.Host, err)
	}
	if response.StatusCode/100 != 2 {
		return c.wrapProblem(response, data)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return fmt.Errorf("%s did not respond as Pushback does: %w\n  hint: is --server the daemon's address?", c.base.Host, err)
	}
	return nil
}

func (c *client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var payload io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("preparing the request: %w", err)
		}
		payload = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base.String(), payload)
	if err != nil {
		return nil, fmt.Errorf("preparing the request: %w", err)
	}
	at, err := c.base.Parse(strings.TrimSuffix(c.base.Path, "/") + path)
	if err != nil {
		return nil, fmt.Errorf("preparing the request: %w", err)
	}
	request.URL = at
	request.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	return request, nil
}

func (c *client) wrapUnreachable(err error) error {
	var cause *url.Error
	if errors.As(err, &cause) {
		err = cause.Err
	}
	if errors.Is(err, errRedirected) {
		return fmt.Errorf("asking %s: %w", c.base.Host, err)
	}
	if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return fmt.Errorf("asking %s: %w\n  hint: it speaks http: write --server http://%s", c.base.Host, err, c.base.Host)
	}
	return fmt.Errorf("asking %s: %w\n  hint: is `pushback serve` running there? Name another daemon with --server or PUSHBACK_SERVER", c.base.Host, err)
}

// commandFor is a hint of the API in the words of the command line.
func commandFor(hint string) string {
	if hint == "GET /v1/changes lists the changes" {
		return "pushback status lists the newest changes; a change is called by its key, the first six characters of it or more, or its version"
	}
	return hint
}

// wrapProblem turns an error response of the server into an error for people.
func (c *client) wrapProblem(response *http.Response, body []byte) error {
	problem := &api.Problem{}
	if err := json.Unmarshal(body, problem); err != nil || problem.Detail == "" {
		err := fmt.Errorf("%s answered %s\n  hint: is --server the daemon's address?", c.base.Host, response.Status)
		return &exitError{code: exitFailure, err: err, status: response.StatusCode}
	}
	hint := commandFor(problem.Hint)
	if response.StatusCode == http.StatusUnauthorized && !strings.Contains(hint, "pushback.yml") { // with pushback.yml in its hint, the daemon itself has no token
		hint = "name the file with the API token by --token-file or PUSHBACK_TOKEN_FILE"
		if c.token != "" {
			hint = "name the daemon's own token_file by --token-file or PUSHBACK_TOKEN_FILE; the file that was named holds another token"
		}
	}
	if c.base.Path != "" && c.base.Path != "/" && response.StatusCode == http.StatusNotFound {
		hint = "--server has a path: is Pushback served there? Otherwise leave it out"
	}
	text := problem.Detail
	if hint != "" {
		text += "\n  hint: " + hint
	}
	for _, key := range problem.Keys {
		text += "\n  " + key
	}
	return &exitError{code: exitFailure, err: errors.New(text), status: response.StatusCode}
}
