package daemon

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// plants are secrets, each in a place of its own, and where it stands.
var plants = map[string]string{
	"api token": "Plant01-k7Qz2mXv9LpRt4Wd", "source secret": "Plant02-k7Qz2mXv9LpRt4Wd", "rotated secret": "Plant03-k7Qz2mXv9LpRt4Wd",
	"hook key": "Plant04-k7Qz2mXv9LpRt4Wd", "hook header": "Plant05-k7Qz2mXv9LpRt4Wd", "hook query": "Plant06-k7Qz2mXv9LpRt4Wd",
	"receiver key": "Plant07-k7Qz2mXv9LpRt4Wd", "slack path": "Plant08-k7Qz2mXv9LpRt4Wd", "store password": "Plant09-k7Qz2mXv9LpRt4Wd",
	"redirect": "Plant10-k7Qz2mXv9LpRt4Wd", "grafana token": "Plant11-k7Qz2mXv9LpRt4Wd", "routing key": "Plant12-k7Qz2mXv9LpRt4Wd",
	"environment": "Plant13-k7Qz2mXv9LpRt4Wd", "database password": "Plant14-k7Qz2mXv9LpRt4Wd", "wrong token": "Plant15-k7Qz2mXv9LpRt4Wd",
	"wrong delivery": "Plant16-k7Qz2mXv9LpRt4Wd", "hook bearer": "Plant17-k7Qz2mXv9LpRt4Wd",
}

// echo repeats all of a request in its answer, as some servers do with what they refuse. It
// remembers what it got, so that the test knows that the secrets were sent.
type echo struct {
	mu  sync.Mutex
	got strings.Builder
}

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	user, password, _ := r.BasicAuth()
	first := []string{r.Header.Get("Authorization"), user, password, r.Header.Get("X-Api-Key"), r.URL.RawQuery, linkToken.FindString(string(body))} // errors show the beginning
	said := fmt.Sprintf("%s %s %s\n%v\n%s", strings.Join(first, " "), r.Method, r.URL, r.Header, body)
	e.mu.Lock()
	e.got.WriteString(said + "\n")
	e.mu.Unlock()
	switch {
	case strings.HasPrefix(r.URL.Path, "/redirect"):
		w.Header().Set("Location", "http://127.0.0.1:1/?token="+plants["redirect"])
		w.WriteHeader(http.StatusFound)
	case strings.HasPrefix(r.URL.Path, "/store"):
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprintf(w, `{"status": "error", "errorType": "bad_data", "error": %q}`, said)
	case strings.HasPrefix(r.URL.Path, "/hook"):
		fmt.Fprint(w, said)
	default:
		http.Error(w, said, http.StatusInternalServerError)
	}
}

func (e *echo) received() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.got.String()
}

// plantedFolder writes a pushback.yml that names every plant that belongs in a file, with
// one side that repeats all that it gets.
func plantedFolder(t *testing.T, outside string, deployed time.Time) string {
	t.Helper()
	dir := t.TempDir()
	rule := strings.Replace(toyRules, "mode: act", "mode: ask", 1)
	settings := fmt.Sprintf(`listen: 127.0.0.1:0
token_file: secrets/tokens
trust: {new_rules: as_written}
metrics:
  levels: {kind: toy, rise: "%[1]s", default: true}
  echo: {kind: prometheus, url: "%[2]s/store", basic_auth: {username: me, password_file: secrets/store}, http_headers: {X-Api-Key: {files: [secrets/store]}}}
  moved: {kind: prometheus, url: "%[2]s/redirect", authorization: {credentials_file: secrets/store}}
sources: {ci: {kind: generic, secret_files: [secrets/source, secrets/rotated]}}
hooks: {back: {kind: http, url: "%[2]s/hook?x=%[3]s", secret_file: secrets/hook, http: {authorization: {credentials_file: secrets/bearer}, http_headers: {X-Api-Key: {files: [secrets/header]}}}}}
receivers:
  chat: {kind: webhook, url: "%[2]s/webhook", secret_file: secrets/receiver}
  slack: {kind: slack, url_file: secrets/slack}
  pager: {kind: pagerduty, url: "%[2]s/pager", routing_key_file: secrets/pager}
grafana: {url: "%[2]s/grafana", token_file: secrets/grafana}
services: {default: {chat: chat}}
`, deployed.Format(time.RFC3339), outside, plants["hook query"])
	for name, text := range map[string]string{
		"pushback.yml": settings, "rules/level.yml": strings.Replace(rule, "tell: chat", "tell: [chat, slack, pager]", 1), "secrets/tokens": plants["api token"], "secrets/source": plants["source secret"],
		"secrets/rotated": "whsec_" + base64.StdEncoding.EncodeToString([]byte(plants["rotated secret"])), "secrets/hook": plants["hook key"], "secrets/header": plants["hook header"],
		"secrets/bearer": plants["hook bearer"], "secrets/receiver": plants["receiver key"], "secrets/slack": outside + "/slack/" + plants["slack path"], "secrets/store": plants["store password"],
		"secrets/pager": plants["routing key"], "secrets/grafana": plants["grafana token"], "secrets/database": "postgres://me:" + plants["database password"] + "@127.0.0.1:1/pushback",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
