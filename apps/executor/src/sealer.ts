import type { Json } from '@countersign/contracts';
import { loadSealingKeys, sealParts, SealStore, type Part, type SealingSql } from '@countersign/sealing';

/** Hides values of class `personal` and up behind tokens, before anything leaves this service. */
export class Sealer {
  constructor(private readonly store: Pick<SealStore, 'seal'>) {}

  /** With the key in the service's own folder. `sql` is asked when it is needed. */
  static fromKeysDir(dir: string, sql: () => SealingSql): Sealer {
    return new Sealer(new SealStore({ keys: loadSealingKeys(dir), sql }));
  }

  /**
   * Throws `SealingUnavailable` where the store can't be asked: the result waits, and is tried again.
   */
  seal(tenant: string, parts: readonly Part[]): Promise<Json[]> {
    return sealParts(this.store, tenant, parts);
  }
}
