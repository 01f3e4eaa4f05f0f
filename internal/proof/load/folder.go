package load

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/internal/proof/program"
)

// settings follow program.Settings. The rules watch the services whose names begin with
// watched-.
const settings = `metrics: {prod: {kind: prometheus, url: %q, resolution: 15s}}
sources: {load: {kind: generic, secret_files: [secret]}}
receivers: {chat: {kind: webhook, url: %q, secret_file: secret}}
services: {default: {chat: chat}}
`

const watchedRules = `team: shop
rules:
  - name: red
    watch: {service: "watched-*", environment: production}
    settle: 15s
    bake: 5m
    every: 15s
    history: 1h
    signals:
      - {name: errors, counter: 'http_requests_total{$match}', bad: 'code=~"5.."', min_effect: 1 points, min_events: 20, limit: 20%}
    respond: [{at_least: likely, tell: chat}]
`

// start writes the program's folder and runs it until it serves.
func start(ctx context.Context, o Options, metrics string) (*program.Program, error) {
	p, err := program.New(program.Options{
		Binary: o.Binary, Dir: o.Dir, Database: o.Database,
		Files: map[string]string{
			"pushback.yml":  program.Settings + fmt.Sprintf(settings, metrics, metrics),
			"rules/red.yml": watchedRules,
		},
	})
	if err != nil {
		return nil, err
	}
	return p, p.Start(ctx)
}
