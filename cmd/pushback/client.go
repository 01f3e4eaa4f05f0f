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

// serverFlags are the flags of every command that asks the daemon.
type serverFlags struct {
	Server    string `env:"PUSHBACK_SERVER" default:"http://127.0.0.1:8484" placeholder:"URL" help:"Address of the daemon (${env}; default ${default})."`
	TokenFile string `env:"PUSHBACK_TOKEN_FILE" type:"path" placeholder:"FILE" help:"File with the API token (${env})."`
	JSON      bool   `help:"Write JSON, for programs."`
}

// maxAnswer bounds what is read of an answer, and maxToken of a token file.
const (
	maxAnswer = 64 << 20
	maxToken  = 4096
)

// client speaks the daemon's HTTP API.
type client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// client opens the door the flags name. The token comes from a file: an
// argument would stand in every process list.
func (f serverFlags) client() (*client, error) {
	base, err := url.Parse(f.Server)
	if err != nil || base.Host == "" || !strings.HasPrefix(base.Scheme, "http") {
		return nil, usageError(fmt.Errorf("--server is no http address: %q\n  hint: write it as http://127.0.0.1:8484", f.Server))
	}
	c := &client{base: base, http: &http.Client{Timeout: 30 * time.Second}}
	if f.TokenFile == "" {
		return c, nil
	}
	c.token, err = readToken(f.TokenFile)
	if err != nil {
		return nil, usageError(fmt.Errorf("reading the API token: %w\n  hint: --token-file names the daemon's token_file, or one with a line of it", err))
	}
	return c, nil
}

// readToken takes the first token of a tokens file, so that the daemon's own
// file serves the command line beside it.
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
	return "", fmt.Errorf("%s holds no token", path)
}

// call sends one request and reads the answer into answer, where one is wanted. An error of the
// server is an *api.Problem.
func (c *client) call(ctx context.Context, method, path string, body, answer any) error {
	request, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.unreachable(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("reading the answer of %s: %w", c.base.Host, err)
	}
	if response.StatusCode/100 != 2 {
		return c.refused(response, data)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return fmt.Errorf("%s did not answer as Pushback does: %w\n  hint: is --server the daemon's address?", c.base.Host, err)
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

func (c *client) unreachable(err error) error {
	var cause *url.Error
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("asking %s: %w\n  hint: is `pushback serve` running there? Name another daemon with --server or PUSHBACK_SERVER", c.base.Host, err)
}

// refused turns an error of the server into one for people.
func (c *client) refused(response *http.Response, body []byte) error {
	problem := &api.Problem{}
	if err := json.Unmarshal(body, problem); err != nil || problem.Detail == "" {
		return fmt.Errorf("%s answered %s\n  hint: is --server the daemon's address?", c.base.Host, response.Status)
	}
	hint := problem.Hint
	if response.StatusCode == http.StatusUnauthorized && !strings.Contains(hint, "pushback.yml") { // there the daemon has none
		hint = "name the file with the API token by --token-file or PUSHBACK_TOKEN_FILE"
	}
	text := problem.Detail
	if hint != "" {
		text += "\n  hint: " + hint
	}
	for _, key := range problem.Keys {
		text += "\n  " + key
	}
	return &exitError{code: exitFailure, err: errors.New(text)}
}
