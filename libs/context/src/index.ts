export type { Source, Trust } from './source.js';
