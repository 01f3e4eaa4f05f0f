package secret

import (
	"strings"
	"testing"
)

const hidden = "k7Qz-2mXv_9LpRt4W"

// inlineTexts hold a secret, whatever key they stand at.
var inlineTexts = []string{
	"http://me:" + hidden + "@prometheus:9090", "https://" + hidden + "@h", "postgres://pushback:" + hidden + "@db/pushback", "http://h/?token=" + hidden,
	"http://h/x?a=b&api_key=" + hidden, "http://h/x?sig=" + hidden, "https://h/?access-token=" + hidden, "http://h/?key=" + hidden,
	"https://hooks.slack.com/services/T00/B00/" + hidden, "https://hooks.slack.com/workflows/T00/" + hidden, "https://discord.com/api/webhooks/1/" + hidden,
	"https://canary.discordapp.com/api/v10/webhooks/1/" + hidden, "https://acme.webhook.office.com/webhookb2/" + hidden,
	"https://prod-1.westus.logic.azure.com:443/workflows/" + hidden, "https://chat.googleapis.com/v1/spaces/A/messages?key=" + hidden,
	"https://api.telegram.org/bot1:" + hidden + "/sendMessage", "https://mattermost.example/hooks/abcdefghijklmnopqrstuvwxyz",
	"Authorization: Bearer " + hidden, "Bearer " + hidden, "Basic bWU6aHVudGVyMmh1bnRlcjI=", "Cookie: session=" + hidden, "X-Api-Key: " + hidden,
	"-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEI", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "xoxb-123456789012-abcdefghijkl", "AKIAIOSFODNN7EXAMPLE",
	"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "glsa_HOruNAb7SOiCdshU0TTvy0ZrbCxGNVrP_bea4e3a2", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwIn0.c2ln",
}

// settingTexts hold one in the settings of a program.
var settingTexts = []string{
	"curl -u me:" + hidden + " http://h", "curl --user 'me:" + hidden + "' h", "me:" + hidden + "@db:5432", "me:" + hidden + "@db.example.org/x", "X-Vault-Token: " + hidden, "X-Shop-Api-Key: " + hidden,
	"host=db password=" + hidden, "PGPASSWORD=" + hidden + " psql", "export API_TOKEN='" + hidden + "'; deploy", "--token=" + hidden, "--db-password=" + hidden, "-apikey=" + hidden,
}

// innocent are texts without a secret.
var innocent = []string{
	"", "http://prometheus:9090", "https://h/x?a=b&tokens=no&page=2", "postgres://pushback@db/pushback", "sqlite:/var/lib/pushback.db", "secrets/token", "ssh://git@h/x", "git@github.com:a/b", "cart:v2@sha256:9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3", "127.0.0.1:9090", "token: see the wiki", "-u", "job:cart",
	`sum(rate(http_requests_total{token="abc", secret!="x"}[5m]))`, "https://wiki.example/tokens#password", "see the runbook about passwords: rotate them",
	"me@example.org", "https://wiki.example/@amy/cart", "roll-back", "$version", "--token-file=/run/secrets/token", "--token=$version", "1:2", "platform/red", "basic", "Bearer",
	"https://h/approve?key=short", "TOKEN=$(cat /run/token)", "a token of some length", "authorization: every call fails", "bearer authentication-failures", `x{cookie="a", authorization="basic"}`,
}

func TestInText(t *testing.T) {
	for _, text := range inlineTexts {
		if _, found := InText(text); !found {
			t.Errorf("%q: nothing was found", text)
		}
	}
	for _, text := range settingTexts {
		if _, found := InSetting(text); !found {
			t.Errorf("%q: nothing was found", text)
		}
	}
	for _, text := range innocent {
		if f, found := InSetting(text); found {
			t.Errorf("%q was taken for %s", text, f.What)
		}
	}
}

func TestKey(t *testing.T) {
	for _, key := range []string{
		"password", "Password", "client_secret", "api-key", "X-API-Key", "bearer_token", "Authorization", "Proxy-Authorization", "GITHUB_TOKEN", "credentials", "cookie", "db_password", "--api-key", "routing_key",
	} {
		if !Key(key) {
			t.Errorf("%s is no secret", key)
		}
	}
	for _, key := range []string{
		"password_file", "token_file", "token_url", "secret_files", "credentials_ref", "X-Scope-OrgID", "key", "username", "TOKEN_FILE", "tokenizer", "author", "secretary", "keyspace", "client_id",
	} {
		if Key(key) {
			t.Errorf("%s is a secret", key)
		}
	}
}

func TestWalk(t *testing.T) {
	found := map[string]bool{}
	Walk(map[string]any{
		"a": map[string]any{"password": 12345, "password_file": "x", "empty_password": "", "insecure_token": false},
		"b": []any{map[string]any{"http_headers": map[string]any{
			"X-Api-Key": map[string]any{"values": []any{hidden}, "files": []any{"secrets/key"}}, "X-Team": map[string]any{"values": []any{"shop"}, "secrets": []any{hidden}},
		}}},
		"curl": []any{"curl", "-u", "me:" + hidden, "--user", "me"},
		"argv": []any{"deploy", "--token", hidden, "--password", "$version", "--api-key", "-v", "-x", "y"},
		"url":  "http://me:" + hidden + "@h", "none": nil,
	}, func(path, _ string, f Finding) {
		found[path] = true
		if strings.Contains(f.What+f.Hint, hidden) {
			t.Errorf("%s: %v", path, f)
		}
	})
	want := []string{"a.password", "b[0].http_headers.X-Api-Key.values[0]", "b[0].http_headers.X-Team.secrets[0]", "argv[2]", "url", "curl[2]"}
	for _, path := range want {
		if !found[path] {
			t.Errorf("%s was not found", path)
		}
		delete(found, path)
	}
	if len(found) > 0 {
		t.Errorf("found %v too", found)
	}
}

func TestHide(t *testing.T) {
	lines := []string{"  password: " + hidden + " # mine", "{user: me, password: '" + hidden + "', x: 1}", `{"token": "` + hidden + `"}`, "X-Api-Key: " + hidden, "- api_key: " + hidden, "secret: \"" + hidden}
	for _, text := range inlineTexts[:20] {
		lines = append(lines, "url: "+text, "- "+text)
	}
	for _, text := range settingTexts {
		lines = append(lines, `["sh", "`+strings.ReplaceAll(text, "'", "")+`"]`, "- "+text)
	}
	for _, line := range lines {
		if got := Hide(line); strings.Contains(got, hidden) {
			t.Errorf("%q became %q", line, got)
		}
	}
	for _, line := range []string{"url: http://prometheus:9090", "name: cart", "  - {signal: errors, query: 'x{token=\"a\"}'}", "token_file: secrets/token"} {
		if got := Hide(line); got != line {
			t.Errorf("%q became %q", line, got)
		}
	}
}
