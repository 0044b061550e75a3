/** A server's words as a model may be shown them: bounded, in one form, without what nobody sees. */
export const plain = (text: string, length: number): string =>
  text
    .toWellFormed()
    .normalize('NFC')
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Variation_Selector}]/gu, '')
    .slice(0, length)
    .toWellFormed();
