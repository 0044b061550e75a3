export { sealParts, type Part } from './fields.js';
export { loadOpeningKey, loadSealingKeys, type SealingKeys } from './keys.js';
export { sealOpener, type Opener } from './opener.js';
export { SealingUnavailable, type SealingSql } from './sealing-sql.js';
export { SealStore, type SealStoreOptions, type ToSeal, type Token } from './seal-store.js';
export { shapesIn, type Shape } from './shapes.js';
export { sealedTokensIn, tokensIn, withOpened } from './token.js';
export { mapTexts, maskWords, sealWords } from './words.js';
