// Package dashboards is what people look at in Grafana: two boards as
// checked-in JSON, made by this package so that what they have in common —
// the data source as a variable, the changes as annotations, rates over
// $__rate_interval — is said once.
//
// pushback.json shows Pushback itself, shop.json the demo's shop
// with every change drawn onto its signals.
package dashboards

import (
	"encoding/json"
	"fmt"
)

//go:generate go run generate.go

// Boards gives every board's JSON by file name.
func Boards() (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, b := range map[string]board{"pushback.json": pushback(), "shop.json": shop()} {
		text, err := json.MarshalIndent(b, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", name, err)
		}
		files[name] = append(text, '\n')
	}
	return files, nil
}

func pushback() board {
	return newBoard("pushback", "Pushback", []panel{
		stat("Open watches", "sum(pushback_watches_open)"),
		stat("Rules loaded", "sum(pushback_rules_loaded)"),
		stat("Mistakes in rules", "sum(pushback_rules_broken)"),
		stat("Acting is frozen", "max(pushback_frozen)"),
		graph("Deliveries", "reqps", line("{{source}} {{outcome}}", "sum by (source, outcome) (rate(pushback_deliveries_total[$__rate_interval]))")),
		graph("Looks", "ops", line("{{outcome}}", "sum by (outcome) (rate(pushback_looks_total[$__rate_interval]))")),
		// The library's histograms have vmrange buckets, which Prometheus
		// cannot take quantiles of; the mean reads alike on both stores.
		graph("Time of a look, mean", "s", line("mean",
			"sum(rate(pushback_look_duration_seconds_sum[$__rate_interval])) / sum(rate(pushback_look_duration_seconds_count[$__rate_interval]))")),
		graph("Looks begin late by, mean", "s", line("mean",
			"sum(rate(pushback_look_lag_seconds_sum[$__rate_interval])) / sum(rate(pushback_look_lag_seconds_count[$__rate_interval]))")),
		graph("Age of the oldest profile", "s", line("oldest", "max(pushback_profile_oldest_age_seconds)")),
		graph("Profiles that could not be learned", "short", line("failed", `sum(increase(pushback_profiles_total{result="failed"}[1h]))`)),
		graph("Errors of metric stores", "ops", line("{{store}} {{kind}}", "sum by (store, kind) (rate(pushback_source_errors_total[$__rate_interval]))")),
		graph("Verdicts", "ops", line("{{outcome}} {{grade}}", "sum by (outcome, grade) (rate(pushback_verdicts_total[$__rate_interval]))")),
		graph("Orders, in the last hour", "short", line("{{state}}", "sum by (state) (increase(pushback_orders_total[1h]))")),
		graph("Messages", "ops", line("{{receiver}} {{result}}", "sum by (receiver, result) (rate(pushback_messages_total[$__rate_interval]))")),
		graph("Annotations", "ops", line("{{result}}", "sum by (result) (rate(pushback_annotations_total[$__rate_interval]))")),
	})
}

func shop() board {
	return newBoard("pushback-shop", "The demo shop", []panel{
		graph("Requests", "reqps", line("{{code}}", `sum by (code) (rate(http_requests_total{job="shop"}[$__rate_interval]))`)),
		graph("Errors, share of requests", "percentunit", line("5xx",
			`sum(rate(http_requests_total{job="shop",code=~"5.."}[$__rate_interval])) / sum(rate(http_requests_total{job="shop"}[$__rate_interval]))`)),
		graph("Duration", "s",
			line("median", quantile("0.5")), line("95 %", quantile("0.95")), line("99 %", quantile("0.99"))),
		graph("Orders", "ops", line("orders", `sum(rate(shop_orders_total{job="shop"}[$__rate_interval]))`)),
	})
}

func quantile(q string) string {
	return `histogram_quantile(` + q + `, sum by (le) (rate(http_request_duration_seconds_bucket{job="shop"}[$__rate_interval])))`
}
