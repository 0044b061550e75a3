/**
 * Every name that OpenTelemetry sees of Countersign (docs/tracing.md). Its own begin with `countersign.`; the others are those of the semantic
 * conventions: messaging and HTTP of 1.45, GenAI of their own repository (semantic-conventions-genai), both in development.
 */
export const SPAN = {
  // https://opentelemetry.io/docs/specs/semconv/messaging/kafka/
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  group: 'messaging.consumer.group.name',
  offset: 'messaging.kafka.offset',
  batchCount: 'messaging.batch.message_count',
  // https://github.com/open-telemetry/semantic-conventions-genai
  genAiOperation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  maxTokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  conversation: 'gen_ai.conversation.id',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  toolName: 'gen_ai.tool.name',
  toolType: 'gen_ai.tool.type',
  // Content, which is left out unless it is asked for.
  inputMessages: 'gen_ai.input.messages',
  outputMessages: 'gen_ai.output.messages',
  toolArguments: 'gen_ai.tool.call.arguments',
  toolResult: 'gen_ai.tool.call.result',
  // https://opentelemetry.io/docs/specs/semconv/http/http-spans/
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  errorType: 'error.type',
  // Our own.
  tenant: 'countersign.tenant',
  intentId: 'countersign.intent_id',
  actionId: 'countersign.action_id',
  tool: 'countersign.tool',
  code: 'countersign.code',
  grant: 'countersign.grant',
  outcome: 'countersign.outcome',
  attempt: 'countersign.attempt',
  /** Types of the events it read and of those it led to. */
  event: 'countersign.event',
  emitted: 'countersign.emitted',
} as const;
