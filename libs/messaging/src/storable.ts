/**
 * The JSON of a value as PostgreSQL's jsonb takes it: U+0000 and halves of characters, which it refuses, become U+FFFD.
 * They come from strangers' texts and targets' answers, which must be able to end.
 */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  // Well-formed JSON.stringify escapes a surrogate only when it stands alone.
  return text.includes('\\u') ? text.replace(/\\u(?:0000|d[89a-f][0-9a-f]{2})/gi, '\\ufffd') : text;
}

/** A text of limited length without control characters and halves of characters: safe in logs, terminals and text columns. */
export function printable(text: string, length = 500): string {
  return text.slice(0, length).replace(/[\u0000-\u001f\u007f]|\p{Surrogate}/gu, '?');
}
