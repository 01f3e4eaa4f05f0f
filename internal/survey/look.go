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

// Convention is one way of naming metrics, and the shipped rule that reads it.
type Convention struct {
	Metric  string `json:"metric"`
	Library string `json:"library"` // library/http-red
	By      string `json:"by"`      // who names metrics so
	Mesh    bool   `json:"mesh"`    // services are workloads, not jobs
	Native  bool   `json:"native"`  // a native histogram of this name
	Runtime bool   `json:"runtime"` // says that a process runs, not that it serves
}

// conventions are those that the library reads, what serves people first.
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

// The labels that name a service, by where it comes from.
const (
	job       = "job"
	namespace = "namespace"
	workload  = "destination_workload"
	workspace = "destination_workload_namespace"
)

// Asker is a metric store, as a survey asks it. Errors are *sources.Fault.
type Asker interface {
	Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error)
}

// Found is one convention and the services that follow it.
type Found struct {
	Convention
	Services []string `json:"services"`
	scoped   bool     // they have namespaces
}

// Survey is what a store has at one moment.
type Survey struct {
	Found     []Found `json:"found"`
	Heartbeat string  `json:"heartbeat,omitempty"` // where max(timestamp(up)) gives nothing
}

// ErrNothing says that no convention was found.
var ErrNothing = errors.New("the store has no metric of a name that the library knows")

// Look asks a store for every convention. The error is the store's, or
// ErrNothing.
func Look(ctx context.Context, store Asker, at time.Time) (Survey, error) {
	var s Survey
	for _, c := range conventions {
		f, err := c.look(ctx, store, at)
		if err != nil {
			return s, fmt.Errorf("looking for %s: %w", c.Metric, err)
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

// look asks who follows one convention.
func (c Convention) look(ctx context.Context, store Asker, at time.Time) (Found, error) {
	name, scope, selector := job, namespace, c.Metric
	if c.Mesh {
		name, scope, selector = workload, workspace, c.Metric+`{reporter="destination"}`
	}
	if c.Native {
		selector = "histogram_count(" + selector + ")"
	}
	series, err := store.Instant(ctx, fmt.Sprintf("group by (%s, %s) (%s)", name, scope, selector), at)
	f := Found{Convention: c}
	for _, one := range series {
		if service := one.Labels[name]; service != "" && !slices.Contains(f.Services, service) {
			f.Services = append(f.Services, service)
		}
		f.scoped = f.scoped || one.Labels[scope] != ""
	}
	slices.Sort(f.Services)
	return f, err
}

// serving are the conventions that services are to be discovered by: of one
// way of naming services, and what serves where anything does. A process that
// is only known to run is often the monitoring itself.
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

// Services are those that the catalogue will discover, sorted.
func (s Survey) Services() []string {
	names := map[string]bool{}
	for _, f := range s.serving() {
		for _, name := range f.Services {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Libraries are the shipped rules that have something to read of those
// services, in the order of the conventions.
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

// labels are what names a service, and what selects it.
func (s Survey) labels() (name string, match []string) {
	name, scope := job, namespace
	serving := s.serving()
	if serving[0].Mesh {
		name, scope = workload, workspace
	}
	match = []string{name}
	if slices.ContainsFunc(serving, func(f Found) bool { return f.scoped }) {
		match = append(match, scope)
	}
	return name, match
}

// selector selects every series that services are discovered by.
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

// discover is the catalogue's expression.
func (s Survey) discover() string {
	_, match := s.labels()
	return fmt.Sprintf("group by (%s) (%s)", strings.Join(match, ", "), s.selector())
}
