package demo

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
)

// Secret signs the calls of the rollback hook. It guards a shop that listens
// on loopback and ends with the process.
var Secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte(rand.Text()))

// Files are what an operator and a team would write for the shop. They are
// the ordinary files of an ordinary installation, read by the same code.
type Files struct {
	Listen string // where the daemon serves
	Shop   string // host:port of the shop
}

// settings is pushback.yml. What differs from a real one is the pace: scrapes
// every second, and a rollback every ten seconds instead of every six
// hours, because here three releases go by in a minute.
const settings = `listen: %s
token_file: token
metrics:
  shop:
    kind: embedded
    scrape_interval: 1s
    retention: 24h
    targets: [{job: shop, targets: ["%s"]}]
hooks:
  shop: {kind: http, url: "http://%s/admin/rollback", secret_file: secret, idempotent: true}
services:
  list: [{name: shop, match: {job: shop}, hook: shop}]
guards: {rollbacks_per: 10s}
trust: {new_rules: as_written}
`

// rule is what the shop's team would write, in seconds instead of minutes. It
// leaves latency out: on a machine that compiles something meanwhile, a release
// that does nothing does get slower, and Pushback would say so.
const rule = `team: shop
rules:
  - name: shop
    watch: {service: shop, environment: demo}
    settle: 2s
    bake: 20s
    every: 1s
    tick: 2s
    before: 15
    history: 7h
    signals:
      - name: errors
        counter: 'http_requests_total{$match}'
        bad: 'code=~"5.."'
        min_effect: 0.5 points
        min_events: 100
        limit: 10%
      - name: checkout
        counter: 'http_requests_total{$match,route="/checkout"}'
        bad: 'code=~"5.."'
        min_effect: 2 points
        min_events: 50
        limit: 25%
    respond:
      - {at_least: certain, rollback: {hook: $service.hook, mode: act}}
`

// Write puts the files into a folder that exists.
func (f Files) Write(folder string) error {
	all := map[string]string{
		"pushback.yml":   fmt.Sprintf(settings, f.Listen, f.Shop, f.Shop),
		"rules/shop.yml": rule,
		"secret":         Secret + "\n",
		"token":          rand.Text() + "\n",
	}
	for name, text := range all {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("writing the demonstration's files: %w", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return fmt.Errorf("writing the demonstration's files: %w", err)
		}
	}
	return nil
}
