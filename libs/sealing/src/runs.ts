/** Characters of base64, base64url and hex alike; fewer hold no value. */
const RUN = /[A-Za-z0-9+/_-]{10,}={0,2}/g;
/** Words of a language have neither digits nor capitals inside. */
const LIKELY = /[0-9]|[^A-Z][A-Z]/;
const HEX = /[0-9a-fA-F]{12,}/g;
const PLAIN_AT_LEAST = 6;
/** What bytes have to show to be looked at as text. */
const READABLE = /[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]{6,}/g;

/** Each run that could be text in base64, base64url or hex. */
export function* runsIn(text: string): Iterable<{ run: string; start: number }> {
  for (const { 0: run, index: start } of text.matchAll(RUN)) if (LIKELY.test(run)) yield { run, start };
}

/** What can be read in a run, whatever it begins with: at each place a character of it could begin. */
export function* readableIn(run: string): Iterable<string> {
  for (const [hex] of run.matchAll(HEX))
    for (const skipped of [0, 1]) yield* textsOf(Buffer.from(evenly(hex.slice(skipped)), 'hex'));
  for (const skipped of [0, 1, 2, 3]) yield* textsOf(Buffer.from(run.slice(skipped), 'base64'));
}

const evenly = (hex: string): string => hex.slice(0, hex.length & ~1);
const textsOf = (bytes: Buffer): string[] => (holdsWords(bytes) ? (bytes.toString('utf8').match(READABLE) ?? []) : []);

/** No shape is without as many plain characters on end. Most bytes that were never text are seen through here. */
function holdsWords(bytes: Buffer): boolean {
  let plain = 0;
  for (const byte of bytes) {
    plain = byte >= 0x20 && byte < 0x7f ? plain + 1 : 0;
    if (plain === PLAIN_AT_LEAST) return true;
  }
  return false;
}
