package scale

import (
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/proof/program"
)

const (
	settle = 15 * time.Second
	bake   = 30 * time.Minute
	every  = 30 * time.Second

	signals = 5 // of each watch
	digits  = 10
)

// settings follow program.Settings. Its guards let many services be bad at once. Profiles are
// learned ahead when the program starts, and not again while it is measured.
const settings = `metrics: {prod: {kind: prometheus, url: %q, resolution: 15s}}
sources: {scale: {kind: generic, secret_files: [secret]}}
hooks: {hook: {kind: http, url: %q, secret_file: secret, timeout: 10s, idempotent: true}}
receivers: {chat: {kind: webhook, url: %q, secret_file: secret}}
services: {discover: group by (service) (service_info), name: service, default: {chat: chat}}
profiles: {cron: "0 4 29 2 *"}
trust: {new_rules: as_written}
guards: {fleet: {watches: 10000, services: 1000, share: 90%%}}
`

// ruleOf watches the services whose number ends in a digit.
const ruleOf = `  - name: red-%d
    watch: {service: "service-*%d", environment: production}
    settle: %s
    bake: %s
    every: %s
    history: 1h
    signals:
      - {name: errors, counter: 'http_requests_total{$match}', bad: 'code=~"5.."', min_effect: 1 points, limit: 20%%}
      - {name: latency, histogram: 'http_request_duration_seconds{$match}', slow: 300ms}
      - {name: queue, query: 'max(queue_depth{$match})'}
      - {name: sales, query: 'sum(rate(sales_total{$match}[$__rate_interval]))', worse: lower}
    respond:
      - {at_least: likely, tell: chat}
      - {at_least: certain, rollback: {hook: hook, mode: act}}
`

// files are the program's folder.
func files(metrics, outlets string) map[string]string {
	var rules strings.Builder
	rules.WriteString("team: shop\nrules:\n")
	for digit := range digits {
		fmt.Fprintf(&rules, ruleOf, digit, digit, settle, bake, every)
	}
	return map[string]string{
		"pushback.yml":  program.Settings + fmt.Sprintf(settings, metrics, outlets+"/hook", outlets+"/chat"),
		"rules/red.yml": rules.String(),
	}
}
