import { hundredRules, manyFacts } from './hundred.js';
import { paceOf } from './pace.js';

/** How fast the pure decision is with a hundred rules, as one line of JSON: a process of its own, with nothing beside it. */
const DECISIONS = 200_000;
const rules = hundredRules();
console.log(JSON.stringify(paceOf(rules, manyFacts(rules), DECISIONS)));
