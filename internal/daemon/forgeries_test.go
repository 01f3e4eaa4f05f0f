package daemon

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// validBody is an event in our own format, which a source would store if it were signed.
const validBody = `{"service":"cart","version":"v2","at":"2026-03-01T12:00:00Z"}`

func sumOf(algorithm func() hash.Hash, secret string, parts ...string) []byte {
	mac := hmac.New(algorithm, []byte(secret))
	mac.Write([]byte(strings.Join(parts, "")))
	return mac.Sum(nil)
}

func hexSum(secret, body string) string { return hex.EncodeToString(sumOf(sha256.New, secret, body)) }

// forgery is what somebody sends who does not know the secret.
type forgery struct {
	name   string
	header http.Header
}

// forgeries are tries at all schemes.
func forgeries() (all []forgery) {
	add := func(name string, pairs ...string) {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		all = append(all, forgery{name, h})
	}
	add("nothing")
	for _, header := range []string{"Authorization", "X-Gitlab-Token", "X-Api-Key"} {
		for _, token := range []string{"", " ", "null", "undefined", "Bearer", "Bearer null", "Basic Og==", "Basic " + base64.StdEncoding.EncodeToString([]byte("admin:admin")), "Digest x", sourceSecret[:20], sourceSecret + "x", strings.ToUpper(sourceSecret)} {
			add(header+" "+token, header, token)
		}
	}
	forgedSums(add)
	forgedTimes(add)
	// What a proxy or a browser would say of the sender proves nothing.
	add("loopback, says a header", "X-Forwarded-For", "127.0.0.1", "X-Real-Ip", "127.0.0.1", "Forwarded", "for=127.0.0.1")
	add("an agent's name", "User-Agent", "GitHub-Hookshot/044aadd", "X-GitHub-Event", "deployment_status")
	add("the same origin", "Origin", "http://127.0.0.1", "Sec-Fetch-Site", "same-origin")
	return all
}

// forgedSums are signatures over the body.
func forgedSums(add func(name string, pairs ...string)) {
	hexOf := func(secret string) string { return hexSum(secret, validBody) }
	for _, c := range []struct{ header, prefix string }{
		{"X-Hub-Signature-256", "sha256="},
		{"X-LD-Signature", ""},
		{"X-GitLab-Signature", ""},
		{"X-Flagsmith-Signature", ""},
		{"X-GrowthBook-Signature", ""},
		{"x-flipt-webhook-signature", ""},
		{"X-Signature", "sha256="},
		{"circleci-signature", "v1="},
	} {
		add(c.header+" by an empty secret", c.header, c.prefix+hexOf(""))
		add(c.header+" by another secret", c.header, c.prefix+hexOf(sourceSecret+"\n"))
		add(c.header+" of another body", c.header, c.prefix+hexSum(sourceSecret, validBody+" "))
		add(c.header+" of zeros", c.header, c.prefix+strings.Repeat("0", 64))
		add(c.header+" twice", c.header, c.prefix+hexOf(sourceSecret), c.header, c.prefix+hexOf(""))
		add(c.header+" cut", c.header, c.prefix+hexOf(sourceSecret)[:62])
		add(c.header+" with the prefix of another algorithm", c.header, "sha512="+hexOf(sourceSecret))
	}
	add("SHA-1", "X-Hub-Signature", "sha1="+hex.EncodeToString(sumOf(sha1.New, sourceSecret, validBody)))
	add("SHA-1 in place of SHA-256", "X-Hub-Signature-256", "sha1="+hex.EncodeToString(sumOf(sha1.New, sourceSecret, validBody)))
	add("Vercel's by an empty secret", "x-vercel-signature", hex.EncodeToString(sumOf(sha1.New, "", validBody)))
	add("Heroku's by an empty secret", "Heroku-Webhook-Hmac-SHA256", base64.StdEncoding.EncodeToString(sumOf(sha256.New, "", validBody)))
	add("the secret itself, as no tool sends it", "Secret", sourceSecret)
}

// forgedTimes are signatures that hold the time, replayed or forged.
func forgedTimes(add func(name string, pairs ...string)) {
	seconds := func(d time.Duration) string { return strconv.FormatInt(time.Now().Add(d).Unix(), 10) }
	standard := func(secret, at string) []string {
		sum := sumOf(sha256.New, secret, "1.", at, ".", validBody)
		return []string{"webhook-id", "1", "webhook-timestamp", at, "webhook-signature", "v1," + base64.StdEncoding.EncodeToString(sum)}
	}
	configCat := func(secret, at string) []string {
		sum := sumOf(sha256.New, secret, "1", at, validBody)
		return []string{"X-ConfigCat-Webhook-ID", "1", "X-ConfigCat-Webhook-Timestamp", at, "X-ConfigCat-Webhook-Signature-V1", base64.StdEncoding.EncodeToString(sum)}
	}
	now := seconds(0)
	for name, sign := range map[string]func(secret, at string) []string{"Standard Webhooks": standard, "ConfigCat": configCat} {
		add(name+" by an empty secret", sign("", now)...)
		add(name+" by another secret", sign("another secret than theirs", now)...)
		add(name+" of an hour ago", sign(sourceSecret, seconds(-time.Hour))...)
		add(name+" of an hour hence", sign(sourceSecret, seconds(time.Hour))...)
		add(name+" of no time", sign(sourceSecret, "")...)
		add(name+" of a time with a sign", sign(sourceSecret, "+"+now)...)
		add(name+" with a renewed time", append(sign(sourceSecret, seconds(-time.Hour))[:2], append([]string{"webhook-timestamp", now, "X-ConfigCat-Webhook-Timestamp", now}, sign(sourceSecret, seconds(-time.Hour))[4:]...)...)...)
		add(name+" without an id", sign(sourceSecret, now)[2:]...)
	}
	add("v1a by a key that is no source's", "webhook-id", "1", "webhook-timestamp", now, "webhook-signature", "v1a,"+base64.StdEncoding.EncodeToString(make([]byte, 64)))
	add("a thousand signatures", "webhook-id", "1", "webhook-timestamp", now, "webhook-signature", strings.Repeat("v1,AAAA ", 1000))
}

// headersOf are headers with which a kind reads its bodies: what the tool sends beside them.
func headersOf(kind string) []http.Header {
	now := strconv.FormatInt(time.Now().Unix(), 10)
	h := func(pairs ...string) http.Header {
		all := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			all.Set(pairs[i], pairs[i+1])
		}
		return all
	}
	switch kind {
	case "github":
		return []http.Header{h("X-GitHub-Event", "deployment"), h("X-GitHub-Event", "deployment_status")}
	case "gitlab":
		return []http.Header{h("X-Gitlab-Event", "Deployment Hook"), h("X-Gitlab-Event", "Pipeline Hook"), h()}
	case "circleci":
		return []http.Header{h("circleci-event-type", "workflow-completed")}
	case "configcat":
		return []http.Header{h("X-ConfigCat-Webhook-ID", "1", "X-ConfigCat-Webhook-Timestamp", now)}
	}
	return []http.Header{h()}
}

// mutation is a body that no tool sends.
type mutation struct{ name, body string }

// malformed are bodies that are no delivery of any tool, and spoilt ones of this kind's own tests.
func malformed(t *testing.T, kind string) []mutation {
	t.Helper()
	all := []mutation{
		{"empty", ""},
		{"blank", " \n\t"},
		{"null", "null"},
		{"a number", "1e999"},
		{"text", `"hunter2"`},
		{"a form", "payload=%7B%22a%22%3A1%7D"},
		{"XML", "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"},
		{"YAML", "service: cart\nversion: v2\n"},
		{"NUL", "\x00"},
		{"a byte order mark", "\ufeff{}"},
		{"UTF-16", "\xff\xfe{\x00}\x00"},
		{"an object", "{}"},
		{"an object of nothing known", `{"x":{"a":["hunter2",2,3]}}`},
		{"deep arrays", strings.Repeat("[", 100_000)},
		{"deep objects", strings.Repeat(`{"a":`, 50_000)},
		{"closed deep objects", strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)},
		{"too large", `{"a":"` + strings.Repeat("x", 1<<20) + `"}`},
		{"a million digits", `{"id":` + strings.Repeat("9", 1_000_000) + `}`},
		{"a comment", "{/* hunter2 */}"},
		{"a trailing comma", `{"a":1,}`},
		{"single quotes", "{'a':1}"},
		{"NaN", `{"a":NaN}`},
	}
	fixtures, _ := filepath.Glob(filepath.Join("../../sources/changes", kind, "testdata", "*.json"))
	for _, file := range fixtures {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, spoilt(filepath.Base(file), strings.TrimSpace(string(text)))...)
	}
	return all
}

// spoilt are changes to a body of a tool that its sender could not have made.
func spoilt(name, body string) (all []mutation) {
	add := func(how, body string) { all = append(all, mutation{name + " " + how, body}) }
	for i := 1; i <= 12; i++ {
		add("cut "+strconv.Itoa(i), body[:len(body)*i/13])
	}
	add("twice", body+body)
	add("and text", body+" hunter2")
	add("and a NUL", body+"\x00")
	if !strings.HasPrefix(body, "{") {
		return all
	}
	rest := strings.TrimPrefix(body, "{")
	add("with a key twice", `{"hunter2":1,"hunter2":2,`+rest)
	add("with invalid UTF-8", "{\"a\":\"\xc3\x28\","+rest)
	add("with a bad escape", `{"a":"\x41",`+rest)
	add("with a control character", "{\"a\":\"\x01\","+rest)
	add("with depth", `{"a":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000)+","+rest)
	add("in quotes", strconv.Quote(body))
	var whole map[string]any
	if json.Unmarshal([]byte(body), &whole) == nil {
		add("without all that it says", `{`+strings.Join(nulls(whole), ",")+`}`)
	}
	return all
}

// nulls are the keys of an object, with nothing behind them.
func nulls(whole map[string]any) (all []string) {
	for key := range whole {
		name, _ := json.Marshal(key)
		all = append(all, string(name)+":null")
	}
	slices.Sort(all)
	return all
}
