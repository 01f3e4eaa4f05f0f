package daemon

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/internal/config"
)

// checkFolder checks a pushback.yml beside files that hold what the test says.
func checkFolder(t *testing.T, settings string, files map[string]string) config.Diagnostics {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{"pushback.yml": settings, "rules/none.yml": "", "strong": "9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3", "url": "https://hooks.example/x", "run": "#!/bin/sh\n"}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o700)); err != nil {
			t.Fatal(err)
		}
	}
	_, mistakes := Adapters().Check(filepath.Join(dir, "pushback.yml"))
	return mistakes
}

const planted = "k7Qz-2mXv_9LpRt4W"

// inlineSettings has a secret at one place of every kind and every shared option. Where a
// kind has no such key, the secret must be neither taken nor shown.
var inlineSettings = []string{
	"metrics: {m: {kind: prometheus, url: 'http://me:SECRET@h'}}", "metrics: {m: {kind: prometheus, url: 'http://h', params: {token: SECRET}}}",
	"metrics: {m: {kind: prometheus, url: 'http://h', headers: {Authorization: SECRET}}}", "metrics: {m: {kind: prometheus, url: 'http://h', headers: {Cookie: a=SECRET}}}",
	"metrics: {m: {kind: prometheus, url: 'http://h', basic_auth: {username: u, password: SECRET}}}", "metrics: {m: {kind: prometheus, url: 'http://h', bearer_token: SECRET}}",
	"metrics: {m: {kind: prometheus, url: 'http://h', authorization: {credentials: SECRET}}}",
	"metrics: {m: {kind: prometheus, url: 'http://h', oauth2: {client_id: c, client_secret: SECRET, token_url: 'http://h'}}}",
	"metrics: {m: {kind: prometheus, url: 'http://h', proxy_url: 'http://me:SECRET@proxy'}}",
	"metrics: {m: {kind: prometheus, url: 'http://h', proxy_url: 'http://proxy', proxy_connect_header: {Proxy-Authorization: [SECRET]}}}",
	"metrics: {m: {kind: prometheus, url: 'http://h', http_headers: {X-Api-Key: {values: [SECRET]}}}}", "metrics: {m: {kind: prometheus, url: 'http://h', http_headers: {X-Any: {secrets: [SECRET]}}}}",
	"metrics: {m: {kind: prometheus, url: 'http://h', tls_config: {key: '-----BEGIN PRIVATE KEY----- SECRET'}}}",
	"metrics: {m: {kind: embedded, password: SECRET}}", "metrics: {m: {kind: embedded, targets: [{job: j, targets: ['u:SECRET@h:1'], token: SECRET}]}}", "metrics: {m: {kind: csv, dir: ., api_key: SECRET}}",
	"sources: {s: {kind: generic, secret: SECRET, secret_files: [strong]}}", "sources: {s: {kind: github, secrets: [SECRET], secret_files: [strong]}}",
	"sources: {s: {kind: spinnaker, pipelines: [a], header: 'Authorization: SECRET', secret_files: [strong]}}", "sources: {s: {kind: octopus, token: SECRET, secret_files: [strong]}}",
	"hooks: {h: {kind: http, url: 'http://h/?token=SECRET', secret_file: strong}}", "hooks: {h: {kind: http, url: 'http://u:SECRET@h', secret_file: strong}}",
	"hooks: {h: {kind: http, url: 'http://h', check_url: 'http://h/?api_key=SECRET', secret_file: strong}}", "hooks: {h: {kind: http, url: 'http://h', secret_file: strong, http: {bearer_token: SECRET}}}",
	"hooks: {h: {kind: http, url: 'https://hooks.slack.com/services/T/B/SECRET', secret_file: strong}}",
	"hooks: {h: {kind: command, argv: [./run, --token, SECRET]}}", "hooks: {h: {kind: command, argv: [./run, '--password=SECRET']}}", "hooks: {h: {kind: command, argv: [./run], env: {API_TOKEN: SECRET}}}",
	"hooks: {h: {kind: command, argv: [./run, -H, 'Authorization: Bearer SECRET']}}", "hooks: {h: {kind: command, argv: [./run, -c, 'PGPASSWORD=SECRET psql']}}",
	"hooks: {h: {kind: command, argv: [./run, -u, 'me:SECRET']}}", "hooks: {h: {kind: command, argv: [./run, -c, 'curl -u me:SECRET h']}}", "hooks: {h: {kind: command, argv: [./run], verify: [./run, '--api-key=SECRET']}}",
	"metrics: {m: {kind: embedded, targets: [{job: j, targets: ['u:SECRET@h:1']}]}}", "hooks: {h: {kind: command, argv: [./run, -H, 'X-Vault-Token: SECRET']}}",
	"hooks: {h: {kind: github, token: SECRET}}", "hooks: {h: {kind: argocd, token: SECRET}}", "hooks: {h: {kind: argorollouts, token: SECRET}}", "hooks: {h: {kind: kubernetes, token: SECRET}}",
	"hooks: {h: {kind: launchdarkly, api_key: SECRET}}", "hooks: {h: {kind: unleash, token: SECRET}}",
	"receivers: {r: {kind: webhook, url: 'https://discord.com/api/webhooks/1/SECRET', secret_file: strong}}", "receivers: {r: {kind: webhook, url: 'http://h', secret_file: strong, http: {http_headers: {X-Token: {values: [SECRET]}}}}}",
	"receivers: {r: {kind: slack, url: 'https://hooks.slack.com/services/T/B/SECRET'}}", "receivers: {r: {kind: pagerduty, routing_key: SECRET}}", "receivers: {r: {kind: alertmanager, url: 'http://u:SECRET@h'}}",
	"grafana: {url: 'http://h', token_file: strong, password: SECRET}", "grafana: {url: 'http://h', token_file: strong, http: {basic_auth: {username: u, password: SECRET}}}",
	"store: {url: 'postgres://u:SECRET@h/d'}", "store: {url: 'postgres://h/d?user=u&password=SECRET'}", "token: SECRET", "external_url: 'http://u:SECRET@h'",
	"services: {list: [{name: cart, owner: 'https://hooks.slack.com/services/T/B/SECRET'}]}",
}

func TestInlineSecretsAreRefusedEverywhere(t *testing.T) {
	for _, text := range inlineSettings {
		settings := strings.ReplaceAll(text, "SECRET", planted)
		if !strings.HasPrefix(text, "metrics:") {
			settings += "\nmetrics: {m: {kind: prometheus, url: 'http://h'}}"
		}
		mistakes := checkFolder(t, settings, nil)
		if !slices.ContainsFunc(mistakes, func(d config.Diagnostic) bool { return d.Code == config.SecretInFile && d.Hint != "" }) {
			t.Errorf("%s: not refused: %v", text, mistakes)
		}
		if strings.Contains(mistakes.Error(), planted) {
			t.Errorf("%s: the mistakes show it: %v", text, mistakes)
		}
	}
}

// People write a secret where the name of its file belongs.
func TestSecretsInPlaceOfFilesAreNotShown(t *testing.T) {
	keys := maps.Clone(secretKeys)
	keys["slack"] = "receivers: {r: {kind: slack, url_file: 'FILE'}}"
	keys["store"] = "store: {url_file: 'FILE'}"
	for kind, settings := range keys {
		for _, text := range []string{planted, "postgres://me:" + planted + "@db/pushback", "https://hooks.slack.com/services/T0/B0/" + planted, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"} {
			mistakes := checkFolder(t, strings.Replace(settings, "FILE", text, 1)+"\nmetrics: {m: {kind: prometheus, url: 'http://h', basic_auth: {username: u, password_file: '"+text+"'}}}", nil)
			if len(mistakes) == 0 || strings.Contains(mistakes.Error(), text[len(text)-12:]) {
				t.Errorf("%s: %v", kind, mistakes)
			}
		}
	}
	if mistakes := checkFolder(t, "metrics: {m: {kind: prometheus, url: 'http://h'}}\ntoken: *"+planted, nil); len(mistakes) == 0 || strings.Contains(mistakes.Error(), planted) {
		t.Error(mistakes)
	}
}

// weakFiles are what a file holds that is no secret.
var weakFiles = map[string]string{
	"empty": "", "white": " \n\t\n", "one": "x", "short": "fifteen-bytes-l", "nothing": "whsec_", "little": "whsec_AAAA", "zeros": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"changeme": "changeme", "secret": "secret-secret-secret", "template": "${WEBHOOK_SECRET_OF_PUSHBACK}", "lines": "9f8b1c0d2e3a4f5b6c7d8e9f\na0b1c2d3e4f5a6b7",
}

// secretKeys are all kinds that read a secret, with FILE in the place of its file.
var secretKeys = map[string]string{
	"generic": "sources: {s: {kind: generic, secret_files: [FILE]}}", "github": "sources: {s: {kind: github, secret_files: [FILE]}}",
	"argocd source": "sources: {s: {kind: argocd, secret_files: [FILE]}}", "argorollouts": "sources: {s: {kind: argorollouts, secret_files: [FILE]}}",
	"flux": "sources: {s: {kind: flux, secret_files: [FILE]}}", "flagger": "sources: {s: {kind: flagger, secret_files: [FILE]}}",
	"spinnaker": "sources: {s: {kind: spinnaker, pipelines: [a], secret_files: [FILE]}}", "jenkins": "sources: {s: {kind: jenkins, jobs: [a], secret_files: [FILE]}}",
	"circleci": "sources: {s: {kind: circleci, jobs: [a], secret_files: [FILE]}}", "octopus": "sources: {s: {kind: octopus, secret_files: [FILE]}}",
	"harness": "sources: {s: {kind: harness, pipelines: [a], secret_files: [FILE]}}", "vercel": "sources: {s: {kind: vercel, secret_files: [FILE]}}",
	"heroku": "sources: {s: {kind: heroku, secret_files: [FILE]}}", "cloudevents": "sources: {s: {kind: cloudevents, secret_files: [FILE]}}",
	"cdevents": "sources: {s: {kind: cdevents, secret_files: [FILE]}}", "standardwebhooks": "sources: {s: {kind: standardwebhooks, secret_files: [FILE]}}",
	"rotation": "sources: {s: {kind: generic, secret_files: [strong, FILE]}}", "rotation of github": "sources: {s: {kind: github, secret_files: [FILE, strong]}}",
	"http": "hooks: {h: {kind: http, url: 'http://h', secret_file: FILE}}", "github hook": "hooks: {h: {kind: github, does: workflow, repository: a/b, workflow: w.yml, token_file: FILE}}",
	"argocd": "hooks: {h: {kind: argocd, url: 'http://h', token_file: FILE}}", "launchdarkly": "hooks: {h: {kind: launchdarkly, project: p, token_file: FILE}}",
	"unleash": "hooks: {h: {kind: unleash, url: 'http://h', project: p, token_file: FILE}}",
	"webhook": "receivers: {r: {kind: webhook, url: 'http://h', secret_file: FILE}}", "pagerduty": "receivers: {r: {kind: pagerduty, routing_key_file: FILE}}",
	"grafana": "grafana: {url: 'http://h', token_file: FILE}", "api": "token_file: FILE", "rotation of the api": "token_file: FILE",
}

func TestWeakSecretsAreRefusedEverywhere(t *testing.T) {
	for kind, settings := range secretKeys {
		for name, text := range weakFiles {
			if strings.Contains(kind, "api") && name == "lines" {
				continue // two tokens
			}
			if kind == "rotation of the api" {
				text = "9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3\n" + text
				if strings.TrimSpace(weakFiles[name]) == "" {
					continue // an empty line is none
				}
			}
			mistakes := checkFolder(t, strings.Replace(settings, "FILE", name, 1)+"\nmetrics: {m: {kind: prometheus, url: 'http://h'}}", map[string]string{name: text})
			said := mistakes.Error()
			if !strings.Contains(said, name) || !strings.Contains(said, "empty") && !strings.Contains(said, "holds no") && !strings.Contains(said, "needs at least") && !strings.Contains(said, "guessed") && !strings.Contains(said, "placeholder") && !strings.Contains(said, "one line") {
				t.Errorf("%s with %s: %v", kind, name, mistakes)
			}
			if len(weakFiles[name]) > 9 && strings.Contains(said, strings.TrimSpace(weakFiles[name])) {
				t.Errorf("%s with %s: the mistake shows it: %v", kind, name, fmt.Sprint(mistakes))
			}
		}
	}
}

// Secrets that others may read, and weak ones of other systems, are warned about, and refuse
// nothing.
func TestSecretWarnings(t *testing.T) {
	dir := t.TempDir()
	for name, file := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"open": {planted, 0o644}, "group": {planted, 0o640}, "shut": {planted, 0o600}, "weak": {"x", 0o600},
		"pushback.yml": {"rules: none\nmetrics: {m: {kind: prometheus, url: 'http://h', basic_auth: {username: u, password_file: weak}, http_headers: {X-Key: {files: [open]}}}}\n" +
			"sources: {s: {kind: generic, secret_files: [shut, group]}}\n", 0o644},
		"none/none.yml": {"", 0o644},
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(file.text), 0o600), os.Chmod(path, file.mode)); err != nil {
			t.Fatal(err)
		}
	}
	c, mistakes := Adapters().Check(filepath.Join(dir, "pushback.yml"))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	got := map[string]string{}
	for _, w := range c.SecretWarnings() {
		got[filepath.Base(strings.Fields(w.Message[strings.Index(w.Message, dir):])[0])] = w.Code
		if strings.Contains(w.String(), planted) || w.Code == config.OpenSecret && !strings.HasPrefix(w.Hint, "chmod 600 ") {
			t.Error(w)
		}
	}
	if want := fmt.Sprint(map[string]string{"open": config.OpenSecret, "group": config.OpenSecret, "weak:": config.WeakSecret}); fmt.Sprint(got) != want {
		t.Errorf("warned of %v, want %s", got, want)
	}
}

// What is wrong with a secret's file is known soon after, and the files are not read for each
// page in between.
func TestSecretsAreLookedAtNowAndThen(t *testing.T) {
	dir := t.TempDir()
	tokens := filepath.Join(dir, "tokens")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(tokens, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		write(planted)
		files := &secretFiles{config: config.Config{TokenFile: tokens}}
		f := func(want string) {
			t.Helper()
			if found := files.problems(); want == "" && len(found) > 0 || want != "" && (len(found) != 1 || !strings.Contains(found[0].Detail, want)) {
				t.Errorf("found %v, want %q", found, want)
			}
		}
		f("")
		write("")
		f("")
		time.Sleep(secretsKept)
		f("holds no token")
		write(planted)
		f("holds no token")
		time.Sleep(time.Minute)
		f("")
	})
}
