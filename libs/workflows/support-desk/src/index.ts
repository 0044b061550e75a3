export { supportDesk as default } from './workflow.js';
