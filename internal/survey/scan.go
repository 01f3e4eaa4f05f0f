package survey

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
)

// Convention is a metric whose name shows how a service is instrumented, and the
// library rule that reads it.
type Convention struct {
	Metric  string `json:"metric"`
	Library string `json:"library"` // library/http-red
	By      string `json:"by"`      // the software that uses this name
	Mesh    bool   `json:"mesh"`    // services are named by workload, not by job
	Native  bool   `json:"native"`  // the metric is a native histogram
	Runtime bool   `json:"runtime"` // shows that a process runs, not that it serves requests
}

// conventions are the metrics that the library reads, those of requests first.
var conventions = []Convention{
	{Metric: "http_requests_total", Library: "library/http-red", By: "Prometheus client libraries"},
	{Metric: "http_server_request_duration_seconds_count", Library: "library/http-red", By: "OpenTelemetry"},
	{Metric: "http_server_request_duration_seconds", Library: "library/http-red", By: "OpenTelemetry, native histograms", Native: true},
	{Metric: "http_request_duration_seconds_count", Library: "library/http-red", By: "Prometheus client libraries"},
	{Metric: "http_request_duration_seconds", Library: "library/http-red", By: "Prometheus client libraries, native histograms", Native: true},
	{Metric: "http_server_requests_seconds_count", Library: "library/http-red", By: "Micrometer"},
	{Metric: "istio_requests_total", Library: "library/http-red", By: "Istio", Mesh: true},
	{Metric: "grpc_server_handled_total", Library: "library/grpc", By: "grpc-ecosystem"},
	{Metric: "rpc_server_duration_milliseconds_count", Library: "library/grpc", By: "OpenTelemetry"},
	{Metric: "rpc_server_call_duration_seconds_count", Library: "library/grpc", By: "OpenTelemetry"},
	{Metric: "kafka_consumergroup_lag", Library: "library/queue-consumer", By: "kafka_exporter"},
	{Metric: "kafka_consumer_fetch_manager_records_consumed_total", Library: "library/queue-consumer", By: "Kafka's Java client"},
	{Metric: "spring_kafka_listener_seconds_count", Library: "library/queue-consumer", By: "Spring Kafka"},
	{Metric: "messaging_client_consumed_messages_total", Library: "library/queue-consumer", By: "OpenTelemetry"},
	{Metric: "celery_task_received_total", Library: "library/queue-consumer", By: "Celery"},
	{Metric: "spring_batch_job_seconds_count", Library: "library/batch-job", By: "Spring Batch"},
	{Metric: "airflow_ti_successes", Library: "library/batch-job", By: "Airflow"},
	{Metric: "kube_cronjob_status_last_successful_time", Library: "library/batch-job", By: "kube-state-metrics"},
	{Metric: "jvm_memory_used_bytes", Library: "library/jvm", By: "Micrometer or OpenTelemetry", Runtime: true},
	{Metric: "jvm_threads_current", Library: "library/jvm", By: "client_java", Runtime: true},
	{Metric: "go_goroutines", Library: "library/go-runtime", By: "client_golang", Runtime: true},
	{Metric: "go_goroutine_count", Library: "library/go-runtime", By: "OpenTelemetry", Runtime: true},
}

// The labels that name a service.
const (
	job               = "job"
	namespace         = "namespace"
	workload          = "destination_workload"
	workloadNamespace = "destination_workload_namespace"
)

// Querier queries a metric store. Its errors are *sources.Fault.
type Querier interface {
	Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error)
}

// Found is one convention, and the services that have its metric.
type Found struct {
	Convention
	Services   []string `json:"services"`
	namespaced bool     // some of them have a namespace
}

// Survey is what a store had at the time of the scan.
type Survey struct {
	Found     []Found `json:"found"`
	Heartbeat string  `json:"heartbeat,omitempty"` // the expression to use if the store has no series up
}

// ErrNothing is returned for a store without any of the metrics.
var ErrNothing = errors.New("the store has no metric that a rule of the library reads")

// Scan queries a store for every convention. The error is the store's, or
// ErrNothing.
func Scan(ctx context.Context, store Querier, at time.Time) (Survey, error) {
	var s Survey
	for _, c := range conventions {
		f, err := c.services(ctx, store, at)
		if err != nil {
			return s, fmt.Errorf("look for %s: %w", c.Metric, err)
		}
		if len(f.Services) > 0 {
			s.Found = append(s.Found, f)
		}
	}
	if len(s.Found) == 0 {
		return s, ErrNothing
	}
	beats, err := store.Instant(ctx, "max(timestamp(up))", at)
	if err == nil && len(beats) == 0 {
		s.Heartbeat = "max(timestamp(" + s.selector() + "))"
	}
	return s, err
}

// services returns the services that have the convention's metric.
func (c Convention) services(ctx context.Context, store Querier, at time.Time) (Found, error) {
	name, scope, selector := job, namespace, c.Metric
	if c.Mesh {
		name, scope, selector = workload, workloadNamespace, c.Metric+`{reporter="destination"}`
	}
	if c.Native {
		selector = "histogram_count(" + selector + ")"
	}
	series, err := store.Instant(ctx, fmt.Sprintf("group by (%s, %s) (%s)", name, scope, selector), at)
	f := Found{Convention: c}
	var fault *sources.Fault
	if c.Native && errors.As(err, &fault) && fault.Refused {
		return f, nil // a store without native histograms has none
	}
	for _, one := range series {
		if service := one.Labels[name]; service != "" && !slices.Contains(f.Services, service) {
			f.Services = append(f.Services, service)
		}
		f.namespaced = f.namespaced || one.Labels[scope] != ""
	}
	slices.Sort(f.Services)
	return f, err
}

// serving returns the conventions to discover services by. All of them name services
// by the same labels. Metrics of requests come before metrics of runtimes, because a
// process that has only the latter is often part of the monitoring.
func (s Survey) serving() []Found {
	mesh := !slices.ContainsFunc(s.Found, func(f Found) bool { return !f.Mesh && !f.Runtime }) &&
		slices.ContainsFunc(s.Found, func(f Found) bool { return f.Mesh })
	var all []Found
	for _, runtime := range []bool{false, true} {
		for _, f := range s.Found {
			if f.Mesh == mesh && f.Runtime == runtime {
				all = append(all, f)
			}
		}
		if len(all) > 0 {
			break
		}
	}
	return all
}

// Services returns the services that the catalogue will discover, sorted.
func (s Survey) Services() []string {
	names := map[string]bool{}
	for _, f := range s.serving() {
		for _, name := range f.Services {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Libraries returns the library rules that have data for these services, in the order
// of the conventions.
func (s Survey) Libraries() []string {
	known := s.Services()
	var all []string
	for _, f := range s.Found {
		reads := slices.ContainsFunc(f.Services, func(name string) bool { return slices.Contains(known, name) })
		if reads && !slices.Contains(all, f.Library) {
			all = append(all, f.Library)
		}
	}
	return all
}

// labels returns the label that names a service, and the labels that select its
// series.
func (s Survey) labels() (name string, match []string) {
	name, scope := job, namespace
	serving := s.serving()
	if serving[0].Mesh {
		name, scope = workload, workloadNamespace
	}
	match = []string{name}
	if slices.ContainsFunc(serving, func(f Found) bool { return f.namespaced }) {
		match = append(match, scope)
	}
	return name, match
}

// selector returns a selector of every series that services are discovered by.
func (s Survey) selector() string {
	var names []string
	for _, f := range s.serving() {
		names = append(names, f.Metric)
	}
	if len(names) == 1 {
		return names[0]
	}
	return fmt.Sprintf(`{__name__=~"%s"}`, strings.Join(names, "|"))
}

// discover returns the catalogue's expression.
func (s Survey) discover() string {
	_, match := s.labels()
	return fmt.Sprintf("group by (%s) (%s)", strings.Join(match, ", "), s.selector())
}
