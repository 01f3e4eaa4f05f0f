// Package dashboards is what people look at in Grafana: boards as
// checked-in JSON, made by this package so that what they have in common —
// the data source as a variable, the changes as annotations, rates over
// $__rate_interval — is said once.
//
//	pushback.json   Pushback itself
//	wall.json       all services, with a line for every change
//	service.json    one service, with its own changes
//	dora.json       how often teams deliver, how often it harms, and for how long
//	shop.json       the demo's shop
//
// wall.json and service.json ask for http_requests_total and http_request_duration_seconds, as client libraries of
// Prometheus name them. Which label names a service, and which the status, is written at the top of the board.
package dashboards

import (
	"encoding/json"
	"fmt"
)

//go:generate go run generate.go

// Boards gives every board's JSON by file name.
func Boards() (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, b := range map[string]board{
		"pushback.json": pushback(), "wall.json": wall(), "service.json": service(), "dora.json": dora(), "shop.json": shop(),
	} {
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
		graph("Reports", "ops", line("{{report}} {{result}}", "sum by (report, result) (rate(pushback_reports_total[$__rate_interval]))")),
		graph("Rollbacks that guards refused, in the last hour", "short", line("{{guard}}", "sum by (guard) (increase(pushback_guard_refusals_total[1h])) > 0")),
		graph("Deliveries that were missed, in the last hour", "short", line("{{source}}", "sum by (source) (increase(pushback_missed_deliveries_total[1h]))")),
		graph("Processors", "short", line("used", `sum(rate(process_cpu_seconds_total{job="pushback"}[$__rate_interval]))`)),
		graph("Memory", "bytes", line("resident", `sum(process_resident_memory_bytes{job="pushback"})`)),
	})
}

// The label that names a service differs between companies, and so does that of the status.
var (
	serviceLabel = written("label", "Label of the service", "job")
	statusLabel  = written("status", "Label of the status", "code")
)

func wall() board {
	const by = "sum by ($label) (rate(http_requests_total{$label=~\"$service\"}[$__rate_interval]))"
	return newBoard("pushback-wall", "All services and their changes", []panel{
		stat("Open watches", "sum(pushback_watches_open)"),
		stat("Changes, last day", "sum(increase(pushback_changes_total[1d]))"),
		stat("Rollbacks, last day", "sum(increase(pushback_rollbacks_total[1d]))"),
		stat("Acting is frozen", "max(pushback_frozen)"),
		graph("Requests", "reqps", line("{{$label}}", by)),
		graph("Errors, share of requests", "percentunit", line("{{$label}}",
			`sum by ($label) (rate(http_requests_total{$label=~"$service",$status=~"5.."}[$__rate_interval])) / `+by)),
		graph("Duration, 95 %", "s", line("{{$label}}",
			`histogram_quantile(0.95, sum by ($label, le) (rate(http_request_duration_seconds_bucket{$label=~"$service"}[$__rate_interval])))`)),
		graph("Processors", "short", line("{{$label}}", `sum by ($label) (rate(process_cpu_seconds_total{$label=~"$service"}[$__rate_interval]))`)),
	}).with(serviceLabel, statusLabel, severalOf(listed("service", "Services", "label_values(http_requests_total, $label)")))
}

func service() board {
	const all = `sum(rate(http_requests_total{$label="$service"}[$__rate_interval]))`
	of := func(q string) string {
		return `histogram_quantile(` + q + `, sum by (le) (rate(http_request_duration_seconds_bucket{$label="$service"}[$__rate_interval])))`
	}
	return newBoard("pushback-service", "A service and its changes", []panel{
		stat("Changes, last day", `sum(increase(pushback_changes_total{service="$service"}[1d]))`),
		stat("Regressed, last week", `sum(increase(pushback_changes_total{service="$service",verdict="regressed"}[1w]))`),
		stat("Rollbacks, last week", `sum(increase(pushback_rollbacks_total{service="$service"}[1w]))`),
		stat("Not judged, last week", `sum(increase(pushback_changes_total{service="$service",verdict=~"blind|inconclusive"}[1w]))`),
		graph("Requests", "reqps", line("{{$status}}", `sum by ($status) (rate(http_requests_total{$label="$service"}[$__rate_interval]))`)),
		graph("Errors, share of requests", "percentunit", line("5xx", `sum(rate(http_requests_total{$label="$service",$status=~"5.."}[$__rate_interval])) / `+all)),
		graph("Duration", "s", line("median", of("0.5")), line("95 %", of("0.95")), line("99 %", of("0.99"))),
		graph("Memory", "bytes", line("{{instance}}", `process_resident_memory_bytes{$label="$service"}`)),
	}).with(serviceLabel, statusLabel, listed("service", "Service", "label_values(http_requests_total, $label)")).about("$service")
}

func dora() board {
	const in = `service=~"$service",environment=~"$environment"`
	judged := "sum by (service) (increase(pushback_changes_total{" + in + "}[7d]))"
	return newBoard("pushback-dora", "How teams deliver", []panel{
		stat("Changes a day", "sum(increase(pushback_changes_total{"+in+"}[7d])) / 7"),
		stat("Regressed, share of changes", `100 * sum(increase(pushback_changes_total{`+in+`,verdict="regressed"}[7d])) / sum(increase(pushback_changes_total{`+in+`}[7d]))`).in("percent"),
		stat("Time until rolled back, mean", "sum(increase(pushback_rollback_seconds_total{"+in+"}[7d])) / sum(increase(pushback_rollbacks_total{"+in+"}[7d]))").in("s"),
		stat("Not judged, share of changes", `100 * sum(increase(pushback_changes_total{`+in+`,verdict=~"blind|inconclusive"}[7d])) / sum(increase(pushback_changes_total{`+in+`}[7d]))`).in("percent"),
		graph("Changes, last 7 days", "short", line("{{service}}", judged)),
		graph("Regressed, share of the changes of 7 days", "percentunit", line("{{service}}",
			`sum by (service) (increase(pushback_changes_total{`+in+`,verdict="regressed"}[7d])) / `+judged)),
		graph("Rollbacks, last 7 days", "short", line("{{service}}", "sum by (service) (increase(pushback_rollbacks_total{"+in+"}[7d]))")),
		graph("Time from a change's begin to its rollback, mean of 7 days", "s", line("{{service}}",
			"sum by (service) (increase(pushback_rollback_seconds_total{"+in+"}[7d])) / sum by (service) (increase(pushback_rollbacks_total{"+in+"}[7d]))")),
		text("Counted are changes that a rule watched, when their last watch ends. A change that was taken back by hand counts as what it was judged to be. " +
			"The time from a commit to production is not shown: no deploy tool tells when commits were made."),
	}).with(
		severalOf(listed("service", "Services", "label_values(pushback_changes_total, service)")),
		severalOf(listed("environment", "Environments", "label_values(pushback_changes_total, environment)")),
	).over("now-30d", "5m")
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
