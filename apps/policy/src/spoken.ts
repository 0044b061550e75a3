/** Where somebody else's message begins: what mail programs write above what they quote or forward. */
const QUOTE =
  /^[ \t]*-{2,}[ \t]*(?:original message|forwarded message|ursprüngliche nachricht|weitergeleitete nachricht)|^[ \t]*begin forwarded message:|^[ \t]*(?:on|am)\b.{0,300}(?:\n.{0,300})?(?:\bwrote|\bschrieb.{0,200}):[ \t]*$|^[ \t]*(?:from|von):.{1,300}\n[ \t]*(?:sent|date|gesendet|datum):/im;

/**
 * A user's text parted in his own words and what he quotes or forwards: lines after `>`, and all that follows the head of
 * another's message. Whoever answers below a quotation is not told from who wrote it; so that counts as the other's.
 */
export function spoken(text: string): { own: string; quoted: string } {
  const plain = text.replace(/\r\n?/g, '\n');
  const at = plain.search(QUOTE);
  const lines = (at === -1 ? plain : plain.slice(0, at).replace(/\n$/, '')).split('\n');
  const isQuoted = (line: string) => /^[ \t]*>/.test(line);
  const quoted = [...lines.filter(isQuoted), ...(at === -1 ? [] : [plain.slice(at)])];
  return { own: lines.filter((line) => !isQuoted(line)).join('\n'), quoted: quoted.join('\n') };
}
