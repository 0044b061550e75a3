// Control characters, which steer a terminal, and those of Unicode that reorder or hide what stands around them.
const STEERING = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/**
 * What strangers wrote must not steer the terminal, nor show a person who decides something else than what stands there:
 * such characters are spelled out. `keep` are those that may stay.
 */
export const plain = (text: string, keep = '') =>
  text.replace(STEERING, (found) =>
    keep.includes(found) ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
