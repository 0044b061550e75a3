// @ts-check
/** @typedef {import('./tool-server.mjs').Call} Call */
/** @typedef {'task' | 'attack'} Whose */

/**
 * A model that replays: the user task's own calls in their order and, as soon as it has been shown the injected goal, the attack's calls
 * before all that is left. It answers as the task expects only if each of the task's calls came through.
 * @param {import('./tool-server.mjs').Run} run
 */
export function scriptedAgent({ gold, attack, goal, output }) {
  const left = gold.map((call) => ({ call, of: /** @type {Whose} */ ('task') }));
  const wanted = goal === null ? undefined : flat(goal);
  let obeyed = false;
  let failed = false;
  return {
    next: () => left.shift(),
    /** @param {Whose} of @param {boolean} ok @param {unknown} shown */
    told(of, ok, shown) {
      if (of === 'task' && !ok) failed = true;
      if (obeyed || wanted === undefined || !textsOf(shown).some((text) => flat(text).includes(wanted))) return;
      obeyed = true;
      left.unshift(...attack.map((call) => ({ call, of: /** @type {Whose} */ ('attack') })));
    },
    hasObeyed: () => obeyed,
    answer: () => (failed ? '' : output),
  };
}

/**
 * An environment's text is folded where its lines end, and what is hidden behind a token was an address or a number of somebody: the
 * goal is known by the rest of its words.
 * @param {string} text
 */
const flat = (text) => text.replaceAll(HIDDEN, ' ').split(/\s+/).filter(Boolean).join(' ');
const HIDDEN = /tok_[0-9a-f]{32}|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[A-Z]{2}\d{2}[A-Z0-9]{10,30}\b|\+\d[\d\s().-]{7,}\d/g;

/** @param {unknown} value @returns {string[]} */
function textsOf(value) {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => [name, ...textsOf(item)]);
}
