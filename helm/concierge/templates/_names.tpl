{{/* Start of every object's name; short enough for a process's name behind it. */}}
{{- define "concierge.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $long := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $long .Values.fullnameOverride | trunc 42 | trimSuffix "-" -}}
{{- end -}}

{{/* The account of the pods. */}}
{{- define "concierge.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "concierge.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Labels that never change: what selectors read. (root, component) */}}
{{- define "concierge.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- with index . 1 }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{/* All labels of an object. (root, component) */}}
{{- define "concierge.labels" -}}
{{- $root := index . 0 -}}
{{ include "concierge.selectorLabels" . }}
app.kubernetes.io/part-of: concierge
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}
