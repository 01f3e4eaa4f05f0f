//go:build integration

package main_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// intake starts a daemon whose metric store cannot be reached. It must accept events
// all the same.
func intake(t *testing.T, sources string) *process {
	t.Helper()
	tool := newDeployTool(t, nil)
	return serve(t, fmt.Sprintf("metrics: {prod: {kind: prometheus, url: %q}}\n"+
		"hooks: {once: {kind: http, url: %q, secret_file: secret}}\nreceivers: {chat: {kind: webhook, url: %q, secret_file: secret}}\nservices: {default: {chat: chat}}\n%s",
		nowhere(t), tool.URL, tool.URL+"/chat", sources), rule("once"))
}

// GitHub does not sign the delivery ID, so that a replayed delivery can have a new one.
func replayedDelivery(t *testing.T) {
	p := intake(t, "sources: {github: {kind: github, secret_files: [secret]}}\n")
	body, err := os.ReadFile("../../sources/changes/github/testdata/deployment_status.json")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC() // what is older than the retention is taken and forgotten
	body = regexp.MustCompile(`"2026-[^"]+"`).ReplaceAll(body, []byte(strconv.Quote(now.Format(time.RFC3339))))
	deliver := func(id, secret string, body []byte) (int, api.Accepted) {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		var a api.Accepted
		status := p.request(http.MethodPost, "/hooks/github", http.Header{
			"X-Github-Event": {"deployment_status"}, "X-Github-Delivery": {id},
			"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
		}, body, &a)
		return status, a
	}
	status, first := deliver("1", secret, body)
	if status/100 != 2 || first.Duplicate {
		t.Fatalf("first delivery: %d, %+v", status, first)
	}
	if status, again := deliver("2", secret, body); status != http.StatusOK || !again.Duplicate || again.Key != first.Key {
		t.Errorf("replayed: %d, %+v", status, again)
	}
	if status, _ := deliver("3", "another secret", body); status != http.StatusUnauthorized {
		t.Errorf("wrongly signed: %d", status)
	}
	if status, _ := deliver("4", secret, body[:len(body)/2]); status/100 != 4 {
		t.Errorf("cut in half: %d", status)
	}
	if n := p.count(); n != 1 {
		t.Errorf("%d changes, want 1", n)
	}
}

// count is the number of changes in the daemon.
func (p *process) count() (n int) {
	p.t.Helper()
	for before := ""; ; {
		var page api.Changes
		if status := p.request(http.MethodGet, "/v1/changes?limit=200"+before, nil, nil, &page); status != http.StatusOK {
			p.t.Fatalf("listing changes: %d", status)
		}
		n += len(page.Changes)
		if page.Before.IsZero() {
			return n
		}
		before = "&before=" + page.Before.Format(time.RFC3339Nano)
	}
}

// A 2xx means that the event is on disk: none of a thousand events is lost, although
// the daemon is killed right after the last answer.
func thousandEvents(t *testing.T) {
	const events = 1000
	p := intake(t, "sources: {pipeline: {kind: generic, secret_files: [secret]}}\n")
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	var all sync.WaitGroup
	for i := range events {
		all.Go(func() {
			body, err := json.Marshal(sources.Event{
				Service: fmt.Sprintf("service-%d", i%50), Version: fmt.Sprint(i), At: now.Add(-time.Duration(i) * time.Millisecond).UTC(),
			})
			if err != nil {
				t.Error(err)
				return
			}
			id := fmt.Sprintf("msg_%d", i)
			signature, err := signer.Sign(id, now, body)
			if err != nil {
				t.Error(err)
				return
			}
			status := p.request(http.MethodPost, "/hooks/pipeline", http.Header{
				"Webhook-Id": {id}, "Webhook-Timestamp": {fmt.Sprint(now.Unix())}, "Webhook-Signature": {signature},
			}, body, nil)
			if status/100 != 2 {
				t.Errorf("event %d: %d", i, status)
			}
		})
	}
	all.Wait()
	p.kill()
	p.start()
	if n := p.count(); n != events {
		t.Errorf("%d changes, want %d", n, events)
	}
}

// An unreachable metric store is reported, and does not stop the daemon from serving.
func unreachableStore(t *testing.T) {
	p := intake(t, "")
	key := p.deploy("cart", "v2")
	p.await(key, "a watch", 10*time.Second, func(e api.Explanation) bool { return len(e.Watches) == 1 })
	await(t, "readyz that says why", 15*time.Second, func() bool {
		response, err := http.Get(p.url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var r api.Readiness
		if err := json.NewDecoder(response.Body).Decode(&r); err != nil {
			return false
		}
		return len(r.Problems) == 1 && r.Problems[0].Component == "metrics/prod" && strings.Contains(r.Problems[0].Detail, "refused")
	})
}
