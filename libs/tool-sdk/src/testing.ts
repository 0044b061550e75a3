export { type ToolTrial } from './testing/bench.js';
export { toolContractSuite } from './testing/contract-suite.js';
export { httpTarget, type HttpErrand } from './testing/http-target.js';
