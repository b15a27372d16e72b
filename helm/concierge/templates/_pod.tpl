{{/* The spec of a process's pod: (root, process) */}}
{{- define "concierge.pod" -}}
{{- $root := index . 0 -}}
{{- $process := index . 1 -}}
{{- $folders := list -}}
{{- range $name := $process.storage -}}
{{- $folder := required (printf "%s mounts storage.%s, which does not exist" $process.name $name) (get $root.Values.storage $name) -}}
{{- if or $folder.create $folder.existingClaim }}{{ $folders = append $folders (merge (dict "name" $name) $folder) }}{{ end -}}
{{- end -}}
serviceAccountName: {{ $process.serviceAccountName }}
automountServiceAccountToken: false
{{- /* Variables named after other Services could be taken for settings. */}}
enableServiceLinks: false
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with $process.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
securityContext:
  {{- toYaml $process.podSecurityContext | nindent 2 }}
containers:
  - name: {{ $process.name }}
    image: {{ include "concierge.image" . | quote }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    {{- with $process.command }}
    command:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    env:
      {{- include "concierge.env" . | trim | nindent 6 }}
      {{- with $process.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- if $process.serves }}
    ports:
      - {name: grpc, containerPort: {{ include "concierge.port" (list $root $process "ADDRESS") }}}
      {{- with include "concierge.port" (list $root $process "METRICS_PORT") | int }}
      - {name: metrics, containerPort: {{ . }}}
      {{- end }}
    {{- end }}
    {{- range $probe := list "startupProbe" "livenessProbe" "readinessProbe" }}
    {{- with get $process $probe }}
    {{ $probe }}:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- end }}
    {{- with $process.preStopSleepSeconds }}
    lifecycle:
      preStop:
        exec:
          command: [sleep, {{ . | quote }}]
    {{- end }}
    resources:
      {{- toYaml $process.resources | nindent 6 }}
    securityContext:
      {{- toYaml $process.securityContext | nindent 6 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      {{- range $folders }}
      - {name: {{ .name }}, mountPath: {{ .mountPath | quote }}, readOnly: {{ .readOnly }}}
      {{- end }}
      {{- with $process.volumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  {{- range $folders }}
  - name: {{ .name }}
    persistentVolumeClaim:
      claimName: {{ default (printf "%s-%s" (include "concierge.fullname" $root) .name) .existingClaim | quote }}
  {{- end }}
  {{- with $process.volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- range $field := list "nodeSelector" "tolerations" "affinity" }}
{{- with get $process $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}
