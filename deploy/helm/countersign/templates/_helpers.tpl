{{- define "countersign.name" -}}
{{ printf "%s-%s" .root.Release.Name .service | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "countersign.selector" -}}
app.kubernetes.io/name: countersign
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .service }}
{{- end -}}

{{- define "countersign.labels" -}}
{{ include "countersign.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{- define "countersign.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ required "image.tag or image.digest: which image of deploy/Dockerfile" .tag }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* What every container may do: nothing that it does not need. */}}
{{- define "countersign.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- define "countersign.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* Kafka, for a service or the migrator. */}}
{{- define "countersign.kafkaEnv" -}}
- { name: KAFKA_BROKERS, value: {{ required "kafka.brokers: host:port of the brokers" .root.Values.kafka.brokers | quote }} }
- { name: KAFKA_SSL, value: {{ .root.Values.kafka.ssl | quote }} }
- { name: TOPIC_PREFIX, value: {{ .root.Values.kafka.topicPrefix | quote }} }
{{- with .root.Values.kafka.saslMechanism }}
- { name: KAFKA_SASL_MECHANISM, value: {{ . | quote }} }
- { name: KAFKA_SASL_USERNAME, value: {{ include "countersign.name" $ | quote }} }
- { name: KAFKA_SASL_PASSWORD_FILE, value: /run/countersign/kafka-password }
{{- end }}
{{- end -}}

{{/* The folder of a service's secrets, with the public keys that count. */}}
{{- define "countersign.secretsVolume" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      - secret: { name: {{ include "countersign.name" . }} }
{{- if ne .service "migrator" }}
      - configMap:
          name: {{ .root.Values.trustedKeys.configMap }}
          items:
{{- range .root.Values.trustedKeys.files }}
            - { key: {{ . }}, path: trusted/{{ . }} }
{{- end }}
{{- end }}
{{- end -}}
