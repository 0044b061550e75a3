export { linesOf } from './lines.js';
export { defineSource, fieldsFor, sourceFlaws, type Source, type Trust } from './source.js';
export { narrowed, viewOf, type Read, type ShownField } from './view.js';
