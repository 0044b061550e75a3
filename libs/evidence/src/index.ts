export {
  erasure,
  erasureTold,
  eventDetails,
  explanation,
  proof,
  revealed,
  revealTold,
  storeVerdict,
  traceFacets,
  traceLine,
  traceOutline,
  traceView as traceSchema,
} from './answers.js';
export { explain, type Explanation } from './explain/explain.js';
export { storyOf, targetOf, type Stored } from './explain/story.js';
export {
  openCheckpoint,
  openNote,
  originOf,
  readCheckpoint,
  signCheckpoint,
  signNote,
  type Checkpoint,
} from './checkpoint.js';
export {
  checkpointLine,
  headerLine,
  placeLine,
  readExport,
  recordOf,
  rowLine,
  signWritten,
  type ExportHeader,
  type ExportLine,
} from './export.js';
export { leafOf, leafText } from './leaf.js';
export { verifyProof, type Proof } from './proof.js';
export { SYSTEM, type SignatureState, type StoredRecord } from './stored-record.js';
export { detailOf, holds, placeOf, type EventDetail, type Standing, type TraceOutline } from './outline.js';
export { eventsOfTrace, explanationOf, traceOf, traceOutlineOf, type RecordSource } from './tell.js';
export { decoded, eventsOf, recordView, sortOut, type RecordView, type Sorted } from './trace.js';
export { lineOf, traceView, type ActionLine, type TraceLine, type TraceView } from './views.js';
export {
  consistencyRanges,
  Frontier,
  HASH_BYTES,
  inclusionRanges,
  isConsistent,
  isIncluded,
  joined,
  subtreesOf,
  TILE_BITS,
  type Head,
  type Node,
  type Range,
} from './tree.js';
export {
  KnownCheckpoints,
  Verification,
  verifyExport,
  type Finding,
  type FindingKind,
  type Section,
  type Verdict,
  type VerifyOptions,
} from './verify.js';
