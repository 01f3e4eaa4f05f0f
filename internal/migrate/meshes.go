package migrate

import (
	"fmt"
	"strings"
)

// The labels by which Flagger's own checks select the new version, for each of its providers.
const (
	podLabels     = `kubernetes_namespace="{{ namespace }}",kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"`
	contourLabels = `envoy_cluster_name=~"{{ namespace }}_{{ service }}-canary_[0-9a-zA-Z-]+"`
	glooLabels    = `envoy_cluster_name=~"{{ namespace }}-{{ target }}-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+"`
	kumaLabels    = `service=~"{{ target }}-canary_{{ namespace }}_svc_[0-9a-zA-Z-]+"`
	istioLabels   = `reporter="destination",destination_workload_namespace="{{ namespace }}",destination_workload=~"{{ target }}"`
	linkerdLabels = `namespace="{{ namespace }}",deployment=~"{{ target }}",direction="inbound"`
	nginxLabels   = `namespace="{{ namespace }}",ingress="{{ ingress }}",canary!=""`
	osmLabels     = `destination_namespace="{{ namespace }}",destination_kind="Deployment",destination_name="{{ target }}"`
	traefikLabels = `service=~"{{ namespace }}-{{ target }}-canary-[0-9a-zA-Z-]+@kubernetescrd"`
	apisixLabels  = `route=~"{{ namespace }}_{{ route }}-{{ target }}-canary_.+"`
)

func envoy(labels string) mesh {
	return mesh{requests: "envoy_cluster_upstream_rq{" + labels, good: `envoy_response_code!~"5.*"`, buckets: "envoy_cluster_upstream_rq_time_bucket{" + labels}
}

// meshOf returns the metrics of a provider as Flagger names it. Providers whose queries depend on
// more than the Canary, such as the state of a Knative service, are not known.
func meshOf(provider string) (mesh, bool) {
	switch {
	case provider == "istio":
		return mesh{requests: "istio_requests_total{" + istioLabels, good: `response_code!~"5.*"`, buckets: "istio_request_duration_milliseconds_bucket{" + istioLabels}, true
	case provider == "linkerd":
		return mesh{requests: "response_total{" + linkerdLabels, good: `classification!="failure"`, buckets: "response_latency_ms_bucket{" + linkerdLabels}, true
	case provider == "nginx":
		return mesh{
			requests: "nginx_ingress_controller_requests{" + nginxLabels, good: `status!~"5.*"`,
			mean: "nginx_ingress_controller_response_duration_seconds", meanLabels: nginxLabels, scale: " * 1000",
		}, true
	case provider == "kubernetes" || strings.HasPrefix(provider, "gatewayapi"):
		return mesh{requests: "http_request_duration_seconds_count{" + podLabels, good: `status!~"5.*"`, buckets: "http_request_duration_seconds_bucket{" + podLabels, scale: " * 1000"}, true
	case provider == "osm":
		return mesh{requests: "osm_request_total{" + osmLabels, good: `response_code!~"5.*"`, buckets: "osm_request_duration_ms_bucket{" + osmLabels}, true
	case provider == "apisix":
		return mesh{requests: "apisix_http_status{" + apisixLabels, good: `code!~"5.."`, buckets: `apisix_http_latency_bucket{type=~"request",` + apisixLabels}, true
	case provider == "traefik":
		return mesh{
			requests: "traefik_service_request_duration_seconds_bucket{" + traefikLabels + `,le="+Inf"`, good: `code!~"5.."`,
			buckets: "traefik_service_request_duration_seconds_bucket{" + traefikLabels, scale: " * 1000",
		}, true
	}
	return envoyMesh(provider)
}

// envoyMesh knows the providers whose traffic goes through Envoy and is counted there.
func envoyMesh(provider string) (mesh, bool) {
	switch {
	case strings.HasPrefix(provider, "appmesh"):
		return envoy(podLabels), true
	case provider == "contour":
		return envoy(contourLabels), true
	case strings.HasPrefix(provider, "gloo"):
		return envoy(glooLabels), true
	case provider == "kuma":
		return envoy(kumaLabels), true
	}
	return mesh{}, false
}

// mesh is the metrics of one mesh or ingress: selectors without braces.
type mesh struct {
	requests, good string // a counter's selector, and the matcher of its good events
	buckets        string // a histogram's selector
	mean           string // a summary's name and selector, where there are no buckets
	meanLabels     string
	scale          string // to milliseconds
}

func (m mesh) successRate() string {
	name, selector, _ := strings.Cut(m.requests, "{")
	return fmt.Sprintf("sum(rate(%s{%s,%s}[{{ interval }}])) / sum(rate(%s{%s}[{{ interval }}])) * 100", name, selector, m.good, name, selector)
}

func (m mesh) duration() string {
	if m.mean != "" {
		return fmt.Sprintf("floor(sum(rate(%s_sum{%s}[{{ interval }}])) / sum(rate(%s_count{%s}[{{ interval }}]))%s)", m.mean, m.meanLabels, m.mean, m.meanLabels, m.scale)
	}
	name, selector, _ := strings.Cut(m.buckets, "{")
	return fmt.Sprintf("floor(histogram_quantile(0.99, sum by (le) (rate(%s{%s}[{{ interval }}])))%s)", name, selector, m.scale)
}
