{{/*
One process as YAML: `defaults`, with the keys of its own block instead of the same ones, and
`prefix`, what its settings' names begin with. (root, name, block)
*/}}
{{- define "concierge.process" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $block := index . 2 -}}
{{- $process := deepCopy $root.Values.defaults -}}
{{- range $key, $value := $block }}{{ $_ := set $process $key $value }}{{ end -}}
{{- $_ := set $process "name" $name -}}
{{- $_ := set $process "prefix" (default $name $block.settingsOf | replace "-" "_" | upper) -}}
{{- $_ := set $process "serviceAccountName" (include "concierge.serviceAccountName" $root) -}}
{{- toYaml $process -}}
{{- end -}}

{{/*
The environment of a process as a YAML map, NAME to what an `env` entry has beside its name: shared
groups first, then the settings of `settingsOf`, then its own. (root, process)
*/}}
{{- define "concierge.environment" -}}
{{- $root := index . 0 -}}
{{- $process := index . 1 -}}
{{- $all := dict -}}
{{- range $group := $process.uses -}}
{{- $shared := required (printf "%s uses shared.%s, which does not exist" $process.name $group) (get $root.Values.shared $group) -}}
{{- range $name, $value := $shared.settings }}{{ $_ := set $all (printf "%s_%s" $process.prefix $name) (include "concierge.value" (list $root $value)) }}{{ end -}}
{{- range $name, $from := $shared.secrets }}{{ $_ := set $all (printf "%s_%s" $process.prefix $name) $from }}{{ end -}}
{{- end -}}
{{- $blocks := list $process -}}
{{- with $process.settingsOf }}{{ $blocks = list (index $root.Values.services .) $process }}{{ end -}}
{{- range $block := $blocks -}}
{{- range $name, $value := $block.settings }}{{ $_ := set $all $name (include "concierge.value" (list $root $value)) }}{{ end -}}
{{- range $name, $from := $block.secrets }}{{ $_ := set $all $name $from }}{{ end -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{/* A setting as the environment has it: strings are templates, lists JSON. (root, value) */}}
{{- define "concierge.value" -}}
{{- $value := index . 1 -}}
{{- if kindIs "string" $value -}}
{{- tpl $value (index . 0) -}}
{{- else if or (kindIs "slice" $value) (kindIs "map" $value) -}}
{{- toJson $value -}}
{{- else if and (kindIs "float64" $value) (eq (floor $value) $value) -}}
{{- /* YAML's numbers are floats here: 4194304 would print as 4.194304e+06. */ -}}
{{- printf "%d" (int64 $value) -}}
{{- else -}}
{{- toString $value -}}
{{- end -}}
{{- end -}}

{{/* Entries of a container's `env`. (root, process) */}}
{{- define "concierge.env" -}}
{{- range $name, $value := include "concierge.environment" . | fromYaml }}
- name: {{ $name }}
  {{- if kindIs "string" $value }}
  value: {{ $value | quote }}
  {{- else }}
  valueFrom:
    secretKeyRef: {name: {{ $value.existingSecret | quote }}, key: {{ $value.key | quote }}}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The image of a process. (root, process) */}}
{{- define "concierge.image" -}}
{{- $root := index . 0 -}}
{{- $process := index . 1 -}}
{{- $own := $process.image -}}
{{- with $root.Values.image.registry }}{{ . }}/{{ end -}}
{{- default (printf "concierge-%s" $process.name) $own.repository -}}
{{- if $own.digest -}}
@{{ $own.digest }}
{{- else -}}
:{{ coalesce $own.tag $root.Values.image.tag $root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* A port of a process, from the setting that opens it; 0: closed. (root, process, setting) */}}
{{- define "concierge.port" -}}
{{- $process := index . 1 -}}
{{- $environment := include "concierge.environment" (list (index . 0) $process) | fromYaml -}}
{{- $setting := printf "%s_%s" $process.prefix (index . 2) -}}
{{- get $environment $setting | toString | regexFind "[0-9]+$" | default "0" -}}
{{- end -}}

{{/* Refuse less time to end than a process may need. (root, process) */}}
{{- define "concierge.checkGrace" -}}
{{- $process := index . 1 -}}
{{- $environment := include "concierge.environment" . | fromYaml -}}
{{- $setting := printf "%s_RPC__GRACE_S" $process.prefix -}}
{{- $calls := get $environment $setting | default "10" | float64 -}}
{{- $least := addf $process.preStopSleepSeconds $calls 10 -}}
{{- if lt (float64 $process.terminationGracePeriodSeconds) $least -}}
{{- fail (printf "%s: terminationGracePeriodSeconds is %v; preStopSleepSeconds, %s and 10 s make %v" $process.name $process.terminationGracePeriodSeconds $setting $least) -}}
{{- end -}}
{{- end -}}
