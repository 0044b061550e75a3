export { citedControl, scopesOf, stoppedActions } from './explain/control.js';
export { explain, type Explanation } from './explain/explain.js';
export { storyOf, targetOf, type Stored } from './explain/story.js';
export { SYSTEM, type SignatureState, type StoredRecord } from './stored-record.js';
export { decoded, eventsOf, recordView, sortOut, type RecordView, type Sorted } from './trace.js';
export { lineOf, traceView, type ActionLine, type TraceLine, type TraceView } from './views.js';
