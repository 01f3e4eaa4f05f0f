package demo

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
)

// Secret signs the calls of the rollback hook. It is new in every process.
var Secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte(rand.Text()))

// Files are the configuration and the rule of the demonstration, as an operator
// and a team would write them.
type Files struct {
	Listen string // where the daemon serves
	Shop   string // host:port of the shop
}

// settings is pushback.yml. It differs from a real one in its pace: it scrapes
// every second, and allows a rollback every ten seconds instead of every six hours,
// because the demonstration ships three releases in a minute.
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
wall:
  - {name: Requests, query: 'sum(rate(http_requests_total[$__rate_interval]))', unit: requests/s}
  - {name: Errors, query: 'sum(rate(http_requests_total{code=~"5.."}[$__rate_interval])) / sum(rate(http_requests_total[$__rate_interval]))', unit: fraction}
`

// rule is the shop's rule, in seconds instead of minutes. It leaves latency out: on
// a machine that is busy with something else, even a good release gets slower, and
// Pushback would report that.
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

// Write writes the files into a folder that exists.
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
			return fmt.Errorf("write the demonstration's files: %w", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return fmt.Errorf("write the demonstration's files: %w", err)
		}
	}
	return nil
}
