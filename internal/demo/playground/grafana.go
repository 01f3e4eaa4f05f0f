package playground

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/dashboards/grafana"
	"github.com/pushback/pushback/internal/boundedfile"
)

const (
	account   = "pushback" // name of the service account
	maxSecret = 4 << 10
	maxAnswer = 1 << 20
)

// Grafana is the server whose user admin makes the account. The password is in the folder of
// secrets.
type Grafana struct {
	URL    string
	Folder string
}

// Mark lets Pushback write annotations: it makes a service account with a token, unless the
// token that is there works. It says whether it made one.
func (g Grafana) Mark(ctx context.Context) (made bool, err error) {
	if g.tokenWorks(ctx) {
		return false, nil
	}
	password, err := read(filepath.Join(g.Folder, AdminFile))
	if err != nil {
		return false, err
	}
	a := admin{base: strings.TrimRight(g.URL, "/"), password: password}
	id, err := a.account(ctx)
	if err != nil {
		return false, fmt.Errorf("making the service account on Grafana: %w", err)
	}
	token, err := a.token(ctx, id)
	if err != nil {
		return false, fmt.Errorf("making the token of the service account on Grafana: %w", err)
	}
	return true, replace(filepath.Join(g.Folder, GrafanaFile), token)
}

// tokenWorks says whether Pushback could use the token of an earlier start.
func (g Grafana) tokenWorks(ctx context.Context) bool {
	client, err := grafana.New(grafana.Config{
		URL: g.URL, TokenFile: filepath.Join(g.Folder, GrafanaFile), HTTP: config.DefaultHTTPClientConfig,
	})
	return err == nil && client.Ping(ctx) == nil
}

// admin calls Grafana as its user admin.
// See https://grafana.com/docs/grafana/latest/developers/http_api/serviceaccount/.
type admin struct{ base, password string }

// account finds or makes the service account. An editor may write annotations.
func (a admin) account(ctx context.Context) (id int64, err error) {
	var found struct {
		Accounts []struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		} `json:"serviceAccounts"`
	}
	if err := a.call(ctx, http.MethodGet, "/api/serviceaccounts/search?"+url.Values{"query": {account}}.Encode(), nil, &found); err != nil {
		return 0, err
	}
	for _, f := range found.Accounts {
		if f.Name == account {
			return f.ID, nil
		}
	}
	var made struct {
		ID int64 `json:"id"`
	}
	return made.ID, a.call(ctx, http.MethodPost, "/api/serviceaccounts", map[string]string{"name": account, "role": "Editor"}, &made)
}

// token makes another token of the account: those of earlier starts cannot be read again.
func (a admin) token(ctx context.Context, account int64) (string, error) {
	var made struct {
		Key string `json:"key"`
	}
	name := map[string]string{"name": "pushback " + time.Now().UTC().Format(time.RFC3339Nano)}
	if err := a.call(ctx, http.MethodPost, fmt.Sprintf("/api/serviceaccounts/%d/tokens", account), name, &made); err != nil {
		return "", err
	}
	if made.Key == "" {
		return "", errors.New("the answer has no key")
	}
	return made.Key, nil
}

func (a admin) call(ctx context.Context, method, path string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, a.base+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.SetBasicAuth("admin", a.password)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s answered %s\n  hint: Grafana keeps the password of its first start: docker compose down --volumes begins anew", method, path, response.Status)
	}
	return json.Unmarshal(got, answer)
}

func read(path string) (string, error) {
	text, err := boundedfile.Read(path, maxSecret)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
