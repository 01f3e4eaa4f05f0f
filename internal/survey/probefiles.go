package survey

import (
	"fmt"
	"time"
)

// ProbeConfiguration returns a pushback.yml for a service without metrics: a probe of a page.
func ProbeConfiguration(w Header, service string) string {
	return `# Written by ` + "`pushback rules init --probe`" + ` on ` + w.At.UTC().Format(time.DateOnly) + `. Edit it as you like. docs/pushback.yml
# shows every key; check this file with ` + "`pushback config check`" + `.

listen: 127.0.0.1:8484
token_file: token                        # tokens of those who may change anything by the API
data: data
rules: rules

# What a customer would see, asked from here every five seconds, and kept in data/tsdb.
# ` + "`pushback probe " + service + "-http`" + ` tries it now.
probes:
  - service: ` + quoted(service) + `
    http: ` + quoted(w.URL) + `
    # text: Checkout                     # a text that the page must have
    # status: [2xx, 301]                 # by default 2xx
    # every: 5s
  # - {name: pay, service: ` + quoted(service) + `, http: ` + quoted(w.URL) + `}   # further pages, each judged by itself
  # - {service: db, tcp: "db:5432"}
  # - {network_check: true, tcp: "example.com:443"}   # elsewhere: if it gives no answer either, the network here is down

# Who gets messages. Without receivers, verdicts are shown on the page alone.
# receivers:
#   chat: {kind: slack, url_file: secrets/slack}
# services:
#   default: {chat: chat}                # needed as soon as a rule tells anybody
`
}

// ProbeRules returns a first rule file for probes.
func ProbeRules(w Header) string {
	return fmt.Sprintf(`# yaml-language-server: $schema=http://127.0.0.1:8484/schema/rules.json
#
# Written by `+"`pushback rules init --probe`"+` on %s. Edit it as you like:
# `+"`pushback rules library probe`"+` shows what this rule uses.

team: %s

rules:
  - name: probe
    use: library/probe
    watch: {service: "*", environment: %s}
    # set: {latency.slow: 500ms}
`, w.At.UTC().Format(time.DateOnly), w.Team, quoted(w.Environment))
}
