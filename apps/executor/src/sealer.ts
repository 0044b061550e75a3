import { isSealed, type Json } from '@countersign/contracts';
import { loadSealingKeys, sealParts, SealStore, sealWords, type Part, type SealingSql } from '@countersign/sealing';

/**
 * Hides values of class `personal` and up behind tokens, before anything leaves this service; so are known shapes in the texts
 * that stay to be seen, since anybody may have written an IBAN into a ticket.
 */
export class Sealer {
  constructor(private readonly store: Pick<SealStore, 'seal'>) {}

  /** With the key in the service's own folder. `sql` is asked when it is needed. */
  static fromKeysDir(dir: string, sql: () => SealingSql): Sealer {
    return new Sealer(new SealStore({ keys: loadSealingKeys(dir), sql }));
  }

  /**
   * Throws `SealingUnavailable` where the store can't be asked: the result waits, and is tried again.
   */
  async seal(tenant: string, parts: readonly Part[]): Promise<Json[]> {
    const byClass = await sealParts(this.store, tenant, parts);
    return Promise.all(byClass.map((value, at) => this.byShape({ tenant, subject: parts[at]!.subject }, value)));
  }

  private async byShape(of: { tenant: string; subject: string }, value: Json): Promise<Json> {
    const seen: string[] = [];
    withTexts(value, (text) => (seen.push(text), text));
    const { texts, tokens } = await sealWords(this.store, of, seen);
    let next = 0;
    return tokens.length === 0 ? value : withTexts(value, () => texts[next++]!);
  }
}

/** A value with its texts replaced, always in the same order; what is sealed is nobody's words. */
function withTexts(value: Json, of: (text: string) => string): Json {
  if (typeof value === 'string') return of(value);
  if (typeof value !== 'object' || value === null || isSealed(value)) return value;
  if (Array.isArray(value)) return value.map((member) => withTexts(member, of));
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withTexts(member, of)]));
}
