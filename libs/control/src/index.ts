export {
  applyControl,
  CONTROL_KEYS,
  controlKey,
  type ControlChange,
  type ControlRow,
  type KillRow,
  type Pause,
  type Release,
  type ReleaseRow,
  type StageRow,
} from './control-row.js';
export { CONTROL_SQL, controlRowsIn, ControlView, DEFAULT_STAGE, viewOf } from './control-view.js';
