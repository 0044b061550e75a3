export { actionHashOf, type HashedAction } from './action-hash.js';
export { digest, jcs, type Json, type JsonObject } from './canonical.js';
export {
  decodeKept,
  decodeRecord,
  encodeEvent,
  keyOf,
  traceIdOf,
  type AnyEvent,
  type CloudEvent,
  type EventDraft,
  type HeaderValue,
  type Incoming,
  type OutRecord,
  type RawRecord,
} from './cloud-event.js';
export { CODES, CODE_NAMES, problem, refusal, type Code, type Problem, type Refusal } from './codes.js';
export {
  killValue,
  parseControl,
  releaseValue,
  STAGES,
  stageValue,
  type ControlRecord,
  type KillValue,
  type ReleaseValue,
  killScopesOf,
  stageScopesOf,
  type ControlTarget,
  type Stage,
  type StageValue,
} from './control.js';
export {
  classified,
  DATA_CLASSES,
  dataClassOf,
  isSealed,
  sealedSchema,
  type DataClass,
  type Sealed,
  withoutBoxes,
} from './data-class.js';
export {
  KAFKA_RIGHTS_KEEPER,
  KAFKA_ROLES,
  kafkaAclsOf,
  kafkaGroupsOf,
  kafkaUser,
  topicsReadBy,
  topicsWrittenBy,
  type KafkaAcl,
  type KafkaOperation,
  type KafkaRole,
} from './kafka-acls.js';
export { EVENTS, eventTypesOn, type EventData, type EventType, type EventTypeOn } from './events/catalog.js';
export { GRANTS, type Grant } from './events/decisions.js';
export type {
  ArgumentProvenance,
  Blast,
  DoneCheck,
  MemberSeen,
  Money,
  Person,
  Preview,
  RecordChanged,
  RecordRead,
  RuleResult,
} from './events/fields.js';
export { ACTION_OUTCOMES, type ActionOutcome } from './events/replies.js';
export {
  accessReview,
  accessReviewCsv,
  approvers,
  metricsSeries,
  metricsSummary,
  type AccessLine,
  type AccessReview,
  type Approvers,
  type MetricsBucket,
  type MetricsSeries,
  type MetricsSummary,
} from './figures.js';
export {
  actionIdOf,
  approvalIdOf,
  deriveId,
  eventIdOf,
  idempotencyKeyOf,
  intentIdOf,
  sessionIdOf,
  UNVERIFIED,
} from './ids.js';
export {
  APPROVAL_STATES,
  approvalItem,
  approvalStatus,
  approvalView,
  batchResults,
  type ApprovalState,
  type ApprovalView,
} from './approval-view.js';
export {
  INCIDENT_CAUSES,
  INCIDENT_STATES,
  incidentCaseSchema,
  incidentSchema,
  type Incident,
  type IncidentCase,
  type IncidentCause,
} from './incidents.js';
export {
  doubtShown,
  parkedRecord,
  redriven,
  serviceHealth,
  type DoubtShown,
  type ParkedRecord,
  type ServiceHealth,
} from './operations-view.js';
export { IDEMPOTENCY_KEY, requestFlaws, type FieldFlaw, type RequestType } from './request.js';
export { cut, MAX_PAYLOAD_DEPTH, MAX_REQUEST_CHARS, payloadFlaw, wellFormed } from './payload.js';
export { plain } from './plain-text.js';
export { MAX_DEPTH, MAX_VALUE_BYTES, parseStrictJson, Poison, type PoisonReason } from './strict-json.js';
export {
  DEFAULT_TOPIC_PREFIX,
  topicName,
  topicOf,
  TOPICS,
  TOPIC_RETENTION_MS,
  topicSpecs,
  type Topic,
  type TopicSpec,
  type Writer,
} from './topics.js';
