{{- define "pushback.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "pushback.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "pushback.labels" -}}
{{ include "pushback.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "pushback.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "pushback.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "pushback.name" .) "default") }}
{{- end }}

{{- define "pushback.tokenSecret" -}}
{{ .Values.token.existingSecret | default (printf "%s-token" (include "pushback.name" .)) }}
{{- end }}

{{- define "pushback.rulesConfigMap" -}}
{{ .Values.existingRulesConfigMap | default (printf "%s-rules" (include "pushback.name" .)) }}
{{- end }}

{{- /* pushback.yml: what the chart decides, over what the values say. */ -}}
{{- define "pushback.config" -}}
{{- $own := dict "listen" "0.0.0.0:8484" "token_file" (printf "secrets/token/%s" .Values.token.key) "data" "/data" "rules" "rules" }}
{{- if .Values.postgresql.existingSecret }}
{{- $_ := set $own "store" (dict "url_file" (printf "secrets/postgresql/%s" .Values.postgresql.key)) }}
{{- end }}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) $own) }}
{{- end }}

{{- /* What no schema can say. */ -}}
{{- define "pushback.check" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.postgresql.existingSecret) }}
{{- fail "replicas: more than one needs postgresql.existingSecret, because SQLite belongs to one process" }}
{{- end }}
{{- if not (or .Values.existingConfigMap (get .Values.config "metrics")) }}
{{- fail "config.metrics: name a metric store, as in metrics: {prod: {kind: prometheus, url: \"http://prometheus:9090\"}}, or set existingConfigMap" }}
{{- end }}
{{- if not (or .Values.existingRulesConfigMap .Values.rules (get .Values.config "allow_empty_rules")) }}
{{- fail "rules: write one file, set existingRulesConfigMap, or say config.allow_empty_rules: true" }}
{{- end }}
{{- if and .Values.existingConfigMap .Values.config }}
{{- fail "config: it would be ignored, because existingConfigMap is set" }}
{{- end }}
{{- if and .Values.existingRulesConfigMap .Values.rules }}
{{- fail "rules: they would be ignored, because existingRulesConfigMap is set" }}
{{- end }}
{{- end }}
