{{/* What one service alone is told. `npm start` says the same (libs/embedded/src/service-env.ts), and a test compares the two. */}}
{{- define "countersign.env.policy" -}}
{{- end -}}

{{- define "countersign.env.planner" -}}
- { name: OPENAI_API_KEY, valueFrom: { secretKeyRef: { name: {{ include "countersign.name" . }}, key: openai-api-key } } }
{{- end -}}

{{- define "countersign.env.approval" -}}
- { name: COUNTERSIGN_WEBHOOK_URL, valueFrom: { secretKeyRef: { name: {{ include "countersign.name" . }}, key: webhook-url, optional: true } } }
- { name: COUNTERSIGN_WEBHOOK_SECRET, valueFrom: { secretKeyRef: { name: {{ include "countersign.name" . }}, key: webhook-secret, optional: true } } }
{{- end -}}

{{- define "countersign.env.executor" -}}
- { name: COUNTERSIGN_CREDENTIALS_DIR, value: /run/credentials }
- { name: COUNTERSIGN_TARGETS, value: {{ required "targets: where the executor finds what it acts on (COUNTERSIGN_TARGETS, as JSON)" .root.Values.targets | quote }} }
{{- end -}}

{{- define "countersign.env.audit" -}}
{{- end -}}

{{- define "countersign.env.gateway" -}}
{{- $root := .root -}}
{{- range $peer := list "policy" "planner" "approval" "executor" "audit" }}
- { name: {{ upper $peer }}_URL, value: http://{{ include "countersign.name" (dict "root" $root "service" $peer) }} }
{{- end }}
- { name: PUBLIC_URL, value: {{ required "publicUrl: where browsers find the console" .root.Values.publicUrl | quote }} }
{{- with .root.Values.oidc.consoleClientId }}
- { name: OIDC_CONSOLE_CLIENT_ID, value: {{ . | quote }} }
- { name: OIDC_CONSOLE_CLIENT_SECRET_FILE, value: /run/countersign/oidc-console-client-secret }
{{- end }}
{{- end -}}
