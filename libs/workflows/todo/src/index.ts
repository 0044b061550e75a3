export { todo as default } from './workflow.js';
